"""Options of the test suite: what runs by default, and what with ``--every`` only (marked ``every``)."""


def pytest_addoption(parser):
    parser.addoption("--every", action="store_true", help="all programs in all tiers, where a part runs by default")


def pytest_configure(config):
    config.addinivalue_line("markers", "every: left out by default, for time; --every runs all")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--every"):
        return
    left_out = [item for item in items if item.get_closest_marker("every")]
    items[:] = [item for item in items if not item.get_closest_marker("every")]
    config.hook.pytest_deselected(items=left_out)
