"""Writes what LiteRT computes for three pictures made by formula: the yardstick of src/net.

Usage: pip install ai-edge-litert==2.3.0 numpy, then: python make.py PACKED_ASSETS [OUT_FOLDER]
PACKED_ASSETS is face_mesh_solution_packed_assets.data of @mediapipe/face_mesh 0.4.1633559619.
Each file holds little-endian 32-bit floats: boxes 896x16, logits 896, points 468x3, presence 1.
The same three formulas stand in src/net/tests.rs; whole numbers only, so both sides make the same bytes.
"""

import hashlib
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

NETWORKS = {
    "detector": (3757224, 3986256, "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"),
    "mesh": (2495952, 3737848, "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1"),
}


def noise(side):
    """A linear congruential generator, its upper bits."""
    state, values = 12345, []
    for _ in range(side * side * 3):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    return np.array(values).reshape(side, side, 3)


def gradient(side):
    y, x = np.mgrid[0:side, 0:side]
    return np.stack([x * 255 // side, y * 255 // side, (x + y) * 255 // (2 * side)], axis=-1)


# Centre, half axes (in 256ths of the side) and colour; later ones cover earlier ones.
HEAD = [
    ((128, 118, 66, 86), (58, 40, 30)),
    ((128, 132, 56, 76), (205, 160, 132)),
    ((106, 118, 13, 7), (238, 236, 232)),
    ((150, 118, 13, 7), (238, 236, 232)),
    ((106, 118, 6, 6), (48, 36, 30)),
    ((150, 118, 6, 6), (48, 36, 30)),
    ((106, 103, 16, 3), (70, 50, 38)),
    ((150, 103, 16, 3), (70, 50, 38)),
    ((128, 140, 6, 16), (188, 142, 114)),
    ((121, 152, 4, 3), (120, 80, 64)),
    ((135, 152, 4, 3), (120, 80, 64)),
    ((128, 174, 20, 6), (158, 82, 76)),
]


def head(side):
    y, x = np.mgrid[0:side, 0:side]
    picture = np.empty((side, side, 3), dtype=np.int64)
    picture[:] = (150, 158, 166)
    for (cx, cy, rx, ry), colour in HEAD:
        dx, dy = 256 * x - cx * side, 256 * y - cy * side
        inside = (dx * ry) ** 2 + (dy * rx) ** 2 <= (rx * ry * side) ** 2
        picture[inside] = colour
    return picture


def run(model, values):
    # Without the delegate LiteRT runs its own plain kernels, and the numbers do not depend on the machine.
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values[None])
    interpreter.invoke()
    outputs = [interpreter.get_tensor(each["index"]).ravel() for each in interpreter.get_output_details()]
    return sorted(outputs, key=len, reverse=True)


def main():
    packed = pathlib.Path(sys.argv[1]).read_bytes()
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent
    models = {}
    for name, (start, end, expected) in NETWORKS.items():
        models[name] = packed[start:end]
        found = hashlib.sha256(models[name]).hexdigest()
        if found != expected:
            sys.exit(f"{name}: SHA-256 {found}, expected {expected}")
    for name, picture in {"noise": noise, "gradient": gradient, "head": head}.items():
        found = run(models["detector"], picture(128).astype(np.float32) / np.float32(127.5) - np.float32(1))
        points = run(models["mesh"], picture(192).astype(np.float32) / np.float32(255))
        values = np.concatenate(found + points).astype("<f4")
        (folder / f"{name}.f32").write_bytes(values.tobytes())
        largest = [float(np.abs(part).max()) for part in found + points]
        print(name, len(values), "largest of boxes, logits, points, presence:", largest, "best logit", found[1].max(), "presence", points[1])


if __name__ == "__main__":
    main()
