"""Options of the test suite: what runs by default, and what with ``--every`` only (marked ``every``)."""


def pytest_addoption(parser):
    parser.addoption("--every", action="store_true", help="all programs in all tiers, where a part runs by default")
    parser.addoption("--gaps", action="store_true", help="also tests of what is known to be missing")


def pytest_configure(config):
    config.addinivalue_line("markers", "every: left out by default, for time; --every runs all")
    config.addinivalue_line(
        "markers", "gap: what is asked for and not there yet, in docs/limitations.md; --gaps runs it"
    )


def pytest_collection_modifyitems(config, items):
    marks = [mark for mark, option in (("every", "--every"), ("gap", "--gaps")) if not config.getoption(option)]
    left_out = [item for item in items if any(map(item.get_closest_marker, marks))]
    items[:] = [item for item in items if not any(map(item.get_closest_marker, marks))]
    config.hook.pytest_deselected(items=left_out)
