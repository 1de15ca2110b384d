"""How fast the nano writes on a CPU: quintet against transformers' own generate, on the same weights in the same run.

Both read the same prompt and write the same number of tokens greedily; the tokens that would end a turn are ruled out
in both. Runs alternate, figures are medians, and the time to read the short prompt counts for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from benchmarks.report import Claim, main
from quintet import load_model

TOKENS = 128
RUNS = 7


def tokens_per_second(write: Callable[[str], int], question: str) -> float:
    """Tokens written a second."""
    start = time.perf_counter()
    written = write(question)
    return written / (time.perf_counter() - start)


def measure() -> tuple[dict[str, float], list[Claim]]:
    """Medians of both, and of the ratio of neighbouring runs."""
    model = load_model(device="cpu", temperature=0.0, thinking=False, max_tokens=TOKENS)
    engine: Any = model.engine
    module, tokenizer = engine.model, engine.format.tokenizer
    ends = torch.tensor(tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"]))
    module.lm_head.register_forward_hook(lambda _m, _i, logits: logits.index_fill(-1, ends, float("-inf")))

    def ours(question: str) -> int:
        usage = model.invoke(question).usage_metadata
        assert usage is not None
        return usage["output_tokens"]

    def theirs(question: str) -> int:
        messages = [{"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, enable_thinking=False, return_dict=True, return_tensors="pt"
        )
        ids = module.generate(**prompt, do_sample=False, max_new_tokens=TOKENS)
        return int(ids.shape[1] - prompt["input_ids"].shape[1])

    ours("Warm up.")
    theirs("Warm up.")
    speeds = []
    for run in range(RUNS):
        question = f"Tell me about the number {run}."  # a new one each time, so that no session is continued
        speeds.append((tokens_per_second(ours, question), tokens_per_second(theirs, question)))
    figures = {
        "quintet, tokens/s": median(speed[0] for speed in speeds),
        "transformers generate, tokens/s": median(speed[1] for speed in speeds),
    }
    ratio = median(mine / other for mine, other in speeds)
    return figures, [Claim("quintet over transformers generate, tokens/s", ratio, least=1.0)]


if __name__ == "__main__":
    main(measure)
