"""CLIP tokenisation with the files in tokenizer/."""
import json
import os
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from common import OUT

_d = os.path.join(OUT, "tokenizer")


def load():
    vocab = json.load(open(os.path.join(_d, "vocab.json"), encoding="utf-8"))
    merges = [tuple(l.split()) for l in open(os.path.join(_d, "merges.txt"), encoding="utf-8").read().split("\n")[1:] if l]
    t = Tokenizer(models.BPE(vocab, merges, unk_token="<|endoftext|>", continuing_subword_prefix="", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return t


class Words:
    def __init__(self):
        self.t, self.seen = load(), {}

    def __call__(self, text):
        """77 ids: start, words, end, padded with end."""
        if text not in self.seen:
            ids = self.t.encode(text).ids[:75]
            self.seen[text] = [49406] + ids + [49407] * (76 - len(ids))
        return self.seen[text]


if __name__ == "__main__":
    w = Words()
    assert w("a photo of a cat")[:7] == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert w("a photo of an astronaut riding a horse on mars")[:12] == [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496, 49407]
    assert w("日本 café 🙂")[1:6] == [39121, 19277, 361, 15304, 14860]
    assert w("A  Photo\nof a CAT!!! 123 it's")[5:12] == [2368, 995, 272, 273, 274, 585, 568]
    print("tokenizer ok")
