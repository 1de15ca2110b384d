"""The tokenizer: a word is the same tokens wherever it stands, and transformers reads the file as the product does."""

from random import Random

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from training.chatformat import NANO
from training.make_tokenizer import SPACE, VOCABULARY
from training.skills import SKILLS
from training.start import moved
from training.words import Words


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(NANO / "tokenizer.json"))


@pytest.mark.parametrize("held", [False, True])
def test_a_word_is_the_same_tokens_wherever_it_stands(tokenizer: Tokenizer, held: bool) -> None:
    words = Words(Random(1), held=held)
    for word in [words.name() for _ in range(200)] + [words.noun() for _ in range(200)]:
        alone = tokenizer.encode(word).tokens
        for before in ("\n", "_", '"', "="):
            assert tokenizer.encode(before + word).tokens[1:] == alone
        first, *rest = tokenizer.encode(" " + word).tokens
        assert [*([] if first == SPACE else [first.removeprefix(SPACE)]), *rest] == alone


def test_transformers_reads_the_file_as_the_product_does() -> None:
    assumed, ours = AutoTokenizer.from_pretrained(NANO), PreTrainedTokenizerFast.from_pretrained(NANO)
    assert type(assumed) is not type(ours)
    texts = [
        turn.text for seed in range(30) for name in ("tools", "documents") for turn in SKILLS[name](Random(seed)).turns
    ]
    for text in [*texts, 'a_b = {"c": [1, 2.5]}  \n\n  d\'s', "naïve café e\u0301, 3²", "<|im_end|> <tool_call>"]:
        assert assumed(text)["input_ids"] == ours(text)["input_ids"]


def test_rows_move_with_their_tokens(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() == VOCABULARY
    rows = torch.randn(VOCABULARY, 4)
    assert torch.equal(moved(rows, tokenizer, tokenizer), rows)


def test_a_new_token_is_the_mean_of_its_parts(tokenizer: Tokenizer) -> None:
    other = Tokenizer.from_str(tokenizer.to_str())
    other.add_tokens(["zqzq"])
    rows = torch.randn(VOCABULARY, 4)
    parts = tokenizer.encode("zqzq").ids
    assert torch.allclose(moved(rows, tokenizer, other)[-1], rows[parts].mean(0))
