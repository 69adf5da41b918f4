def test_x(portal):
    print(portal.facts)
    assert not portal.facts["refused"]
