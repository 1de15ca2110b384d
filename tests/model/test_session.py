"""What two texts share."""

from os.path import commonprefix
from random import Random

from quintet.model.session import common_length


def test_the_common_length_is_that_of_the_common_prefix() -> None:
    rng = Random(0)
    for _ in range(2000):
        one = "".join(rng.choices("ab", k=rng.randint(0, 12)))
        other = one[: rng.randint(0, len(one))] + "".join(rng.choices("ab", k=rng.randint(0, 5)))
        assert common_length(one, other) == len(commonprefix([one, other]))  # noqa: RUF071 - of characters
