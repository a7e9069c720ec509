"""A small T5 tokenizer (SentencePiece unigram) in the files that Flux repositories carry, and ids for 200 prompts.

Vocabulary and normalisation are T5's in kind, not in size: the normaliser's map holds what NFKC does to the characters used here.
"""

import io
import json
import random
import unicodedata
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as protobuf
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from golden_tables import STRINGS, write_compact

PIECES, EXTRA_IDS = 400, 10
SUBJECTS = "cat dog horse castle lighthouse river sea mountain queen king astronaut robot tree forest city street apple bird".split()
STYLES = "oil painting,watercolour,photo,sketch,portrait,pencil drawing,ink drawing,digital art,landscape,still life".split(",")
DETAILS = "at dusk,in the snow,on a hill,by the sea,in winter,under the stars,with soft light,in the rain,at night".split(",")
QUALITIES = "highly detailed,sharp focus,soft colours,volumetric lighting,dramatic,muted,vivid,golden hour".split(",")
OTHERS = [
    "ein Haus am See", "une église à la campagne", "el gato está en la mesa", "Ångström naïve façade coöperate",
    "It's 3.14, isn't it? 100% <b>bold</b> & (more) [again]; a-b_c/d", "\u00bd \u2460 \ufb01 e\u0301 \uff21\uff22", "0 1 2 3 4 5 6 7 8 9 10 2024 8k",
]  # fmt: skip


def corpus() -> list[str]:
    rng = random.Random(5)
    pick = lambda words: rng.choice(words)  # noqa: E731
    lines = [f"A {pick(STYLES)} of a {pick(SUBJECTS)} {pick(DETAILS)}, {pick(QUALITIES)}" for _ in range(300)]
    return [*lines, *(line.lower() for line in lines[:100]), *OTHERS * 3]


def training_text() -> list[str]:
    """The corpus, twice what people may type, and many words of random syllables, so that there are pieces of every length."""
    rng = random.Random(7)
    syllables = "ka ter in mol sa pre dis ful ness ing er est ly un re con tra si vo lu men tal ori ble".split()
    words = [" ".join("".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(8)) for _ in range(200)]
    return [*corpus(), *prompts()[::2] * 2, *words]


def prompts() -> list[str]:
    """200 prompts: prose, the strings of the CLIP table, many scripts, emoji, control characters, 300 tokens and more."""
    rng = random.Random(6)
    pieces = [*SUBJECTS, *STYLES, *DETAILS, *QUALITIES, "日本語", "东京的夜晚", "한국어", "Привет", "café", "🙂", "👩‍👩‍👧‍👦", "❤️", "ﬁn", "①②",
              "½", "\u00a0", "\u200b", "\u3000", "\t", "\n", "\r\n", "\u0001", "\u0007", "\u001f", "\u007f", "\ufeff", "e\u0301", "a\u0308\u0323",
              "ＡＢＣ", "～", "…", "“x”", "—", "▁", "▁▁x", "ﷺ", "<extra_id_0>", "</s>", "<pad>", "<unk>", "𝔘𝔫𝔦", "ǆ", "ß", "İ", "각", "ｶﾞ"]  # fmt: skip
    mixed = [rng.choice(["", " ", "  "]).join(rng.choices(pieces, k=rng.randint(1, 12))) for _ in range(170)]
    long = [" ".join(rng.choices(pieces[:40], k=k)) for k in (150, 300, 600)]
    found = [*STRINGS, *corpus()[:20], *long, *mixed]
    return list(dict.fromkeys(found))[:200]


def charsmap_rules(path: Path) -> None:
    """NFKC for the characters in use, white space to a space, control characters to nothing, as in SentencePiece's nmt_nfkc."""
    rules = {}
    for text in [*prompts(), *corpus()]:
        for i, char in enumerate(text):
            for piece in {char, text[i : i + 2], text[i : i + 3]}:
                normal = unicodedata.normalize("NFKC", piece)
                marks = len(piece) == 1 or all(unicodedata.combining(c) or 0x1100 <= ord(c) < 0x1200 for c in piece[1:])
                if normal != piece and marks:
                    rules[piece] = normal
    for code in [*range(0x1, 0x9), 0xB, *range(0xE, 0x20), 0x7F, 0x8F, 0x9F]:
        rules[chr(code)] = ""
    for code in [0x9, 0xA, 0xC, 0xD, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F, 0x2581, 0x3000, 0xFEFF, 0xFFFD]:
        rules[chr(code)] = " "
    hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)  # noqa: E731
    path.write_text("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in sorted(rules.items())), encoding="utf-8")


def make_t5_tokenizer(folder: Path) -> None:
    """Writes tokenizer.json, tokenizer_config.json and spiece.model."""
    folder.mkdir(parents=True, exist_ok=True)
    rules, model = folder / "rules.tsv", io.BytesIO()
    charsmap_rules(rules)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(training_text()), model_writer=model, model_type="unigram", vocab_size=PIECES, num_threads=1,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_tsv=str(rules), character_coverage=0.995,
        minloglevel=2,
    )  # fmt: skip
    rules.unlink()
    proto = protobuf.ModelProto.FromString(model.getvalue())
    proto.trainer_spec.Clear()
    proto.trainer_spec.model_type, proto.trainer_spec.unk_id = protobuf.TrainerSpec.UNIGRAM, 2
    proto.normalizer_spec.normalization_rule_tsv = ""
    (folder / "spiece.model").write_bytes(proto.SerializeToString())

    extra = [f"<extra_id_{i}>" for i in range(EXTRA_IDS)]
    vocab = [(p.piece, p.score) for p in proto.pieces] + [(token, 0.0) for token in reversed(extra)]
    tokenizer = Tokenizer(Unigram(vocab, unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "▁"),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>", *extra])
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n", encoding="utf-8")
    config = {
        "additional_special_tokens": extra, "eos_token": "</s>", "extra_ids": EXTRA_IDS, "model_max_length": 512,
        "pad_token": "<pad>", "tokenizer_class": "T5Tokenizer", "unk_token": "<unk>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def make_t5_tokens(folder: Path, path: Path) -> None:
    """Rows of `text` and `ids` (with </s>, neither cut nor padded), as the tokenizers library reads tokenizer.json."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    table = [{"text": text, "ids": tokenizer.encode(text).ids} for text in prompts()]
    write_compact(path, {"t5": table})
    assert len(table) == 200 and max(len(row["ids"]) for row in table) > 512
