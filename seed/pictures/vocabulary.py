"""The words a picture can be made of: kinds with their cuts and details, patterns, materials."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its silhouettes, its details, and whether it can wear a pattern."""

    cuts: tuple[str, ...]
    details: tuple[str, ...] = ("plain",)
    patterned: bool = True


@dataclass(frozen=True, slots=True)
class Material:
    """How a material takes the light: ``gloss`` from 0 (felt) to 1 (glass), and the name of its fine texture."""

    gloss: float
    texture: str = ""


PATTERNS = ("plain", "stripe", "check", "dot", "leaf", "wave", "block")

KINDS: dict[str, Kind] = {
    "tee": Kind(("crew", "vneck", "boxy", "long-sleeve"), ("plain", "pocket", "ringer")),
    "shirt": Kind(("classic", "band-collar", "overshirt", "camp"), ("plain", "pocket", "two-pockets")),
    "knit": Kind(("crew", "rollneck", "cardigan", "vest"), ("plain", "rib", "cable")),
    "dress": Kind(("shift", "wrap", "shirt-dress", "tiered"), ("plain", "belt", "buttons")),
    "trousers": Kind(("straight", "wide", "tapered", "shorts"), ("plain", "crease", "turn-up", "drawstring")),
    "coat": Kind(("overcoat", "parka", "trench", "quilted"), ("plain", "belt", "hood")),
    "sneaker": Kind(("low", "high", "runner", "slip-on"), ("plain", "heel-tab", "side-stripe")),
    "boot": Kind(("chelsea", "lace-up", "zip", "rain"), ("plain", "welt", "pull-tab")),
    "sock": Kind(("crew", "ankle", "knee"), ("plain", "heel", "rib")),
    "bag": Kind(("tote", "shoulder", "satchel", "bucket"), ("plain", "pocket", "tassel")),
    "backpack": Kind(("classic", "roll-top", "flap"), ("plain", "pocket", "straps")),
    "hat": Kind(("beanie", "cap", "brim", "bucket"), ("plain", "pompom", "band")),
    "scarf": Kind(("long", "loop", "square"), ("plain", "fringe", "border")),
    "watch": Kind(("round", "square", "field"), ("leather", "mesh", "canvas"), patterned=False),
    "glasses": Kind(("round", "square", "cat-eye", "aviator"), ("clear", "tinted"), patterned=False),
    "lamp": Kind(("dome", "mushroom", "desk", "shade"), ("plain", "brass")),
    "chair": Kind(("shell", "spindle", "lounge", "stool"), ("plain", "cushion")),
    "cushion": Kind(("square", "oblong", "round"), ("plain", "piping", "tassels")),
    "blanket": Kind(("folded", "draped", "rolled"), ("plain", "fringe", "border")),
    "vase": Kind(("bottle", "bulb", "cylinder", "jug", "amphora"), ("plain", "dipped", "ribbed")),
    "plant": Kind(("monstera", "rubber", "snake", "cactus", "trailing", "palm"), ("plain", "stand", "dipped")),
    "mug": Kind(("straight", "round", "tapered", "cup"), ("plain", "dipped", "speckled")),
    "teapot": Kind(("round", "tall"), ("plain", "speckled")),
    "tin": Kind(("tall", "square", "flat"), ("plain", "label")),
    "coffee": Kind(("bag", "box"), ("plain", "label")),
    "candle": Kind(("jar", "pillar", "tapers"), ("plain", "label")),
    "soap": Kind(("bar", "stack"), ("plain", "wrap")),
    "bottle": Kind(("pump", "dropper", "tube"), ("plain", "label")),
    "notebook": Kind(("hardcover", "stitched", "spiral", "planner"), ("plain", "elastic", "label")),
}

MATERIALS: dict[str, Material] = {
    "cotton": Material(0.05),
    "organic cotton": Material(0.05),
    "jersey": Material(0.06),
    "linen": Material(0.05, "slub"),
    "hemp": Material(0.04, "slub"),
    "denim": Material(0.05, "twill"),
    "corduroy": Material(0.10, "cord"),
    "flannel": Material(0.02),
    "wool": Material(0.02, "weave"),
    "merino": Material(0.05, "stitch"),
    "lambswool": Material(0.02, "stitch"),
    "cashmere": Material(0.04, "stitch"),
    "alpaca": Material(0.03, "stitch"),
    "felt": Material(0.0),
    "silk": Material(0.45),
    "viscose": Material(0.25),
    "lyocell": Material(0.20),
    "velvet": Material(0.30),
    "canvas": Material(0.04, "weave"),
    "nylon": Material(0.30),
    "mesh": Material(0.10, "weave"),
    "down": Material(0.35),
    "leather": Material(0.40),
    "suede": Material(0.05),
    "rubber": Material(0.55),
    "straw": Material(0.10, "weave"),
    "rattan": Material(0.15, "weave"),
    "acetate": Material(0.75),
    "titanium": Material(0.80),
    "steel": Material(0.90),
    "brass": Material(0.85),
    "glass": Material(0.95),
    "stoneware": Material(0.35),
    "porcelain": Material(0.70),
    "earthenware": Material(0.25),
    "terracotta": Material(0.12),
    "concrete": Material(0.05),
    "oak": Material(0.20),
    "ash": Material(0.20),
    "beech": Material(0.20),
    "aluminium": Material(0.65),
    "paper": Material(0.05),
    "cloth": Material(0.04, "weave"),
    "card": Material(0.10),
    "tinplate": Material(0.60),
    "kraft paper": Material(0.06),
    "soy wax": Material(0.20),
    "beeswax": Material(0.25),
    "olive oil soap": Material(0.18),
    "recycled plastic": Material(0.45),
}
