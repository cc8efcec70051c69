from fuzzing import mutations

TEXT = b'{"lanes": [[10, 20.5], [-2, 3e2]], "raw_file": "clips/1/20.jpg"}\n'


def test_are_the_same_for_the_same_seed_alone():
    assert list(mutations(TEXT, 0, 50)) == list(mutations(TEXT, 0, 50))
    assert list(mutations(TEXT, 0, 50)) != list(mutations(TEXT, 1, 50))


def test_are_many_and_of_each_kind():
    copies = set(mutations(TEXT, 0, 500))
    assert len(copies) > 400
    assert any(TEXT.startswith(copy) and len(copy) < len(TEXT) for copy in copies)
    assert any(len(copy) == len(TEXT) and copy != TEXT for copy in copies)
    assert any(b"nan" in copy for copy in copies)
    assert any(len(copy) > len(TEXT) for copy in copies)


def test_take_what_is_empty_or_short():
    for data in (b"", b"\0", b"7"):
        assert len(list(mutations(data, 0, 200))) == 200
