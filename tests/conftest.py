"""Options of the test suite."""


def pytest_addoption(parser):
    parser.addoption("--every", action="store_true", help="all programs in all tiers, where a part runs by default")
