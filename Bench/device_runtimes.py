"""Exported files in TensorFlow Lite's interpreter and in ONNX Runtime."""

import json
import os
import zipfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

KERNELS = {"reference kernels": OpResolverType.BUILTIN_REF, "XNNPACK": OpResolverType.BUILTIN}


def answer(task):
    """Outputs of a part of the images, one at a time, as a device sees them."""
    file, kernels, images = task
    interpreter = Interpreter(
        str(file), num_threads=1, experimental_op_resolver_type=KERNELS[kernels]
    )
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for image in images:
        interpreter.set_tensor(source["index"], image[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0].copy())
    return numpy.stack(outputs)


def tflite_outputs(pool, file, kernels, images):
    parts = numpy.array_split(images, os.cpu_count() or 1)
    return numpy.concatenate(pool.map(answer, [(file, kernels, part) for part in parts]))


def check_schema(file):
    """Every table of the file by TensorFlow Lite's own readers; the names of its operators."""
    content = Path(file).read_bytes()
    if not schema.Model.ModelBufferHasIdentifier(content, 0):
        raise SystemExit(f"{file.name}: no TFL3")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    graph = model.subgraphs[0]
    tensors = len(graph.tensors)
    for tensor in graph.tensors:
        assert tensor.buffer < len(model.buffers), tensor.name
    for operator in graph.operators:
        assert all(0 <= index < tensors for index in [*operator.inputs, *operator.outputs])
    codes = [model.operatorCodes[operator.opcodeIndex] for operator in graph.operators]
    entries = {entry.name: model.buffers[entry.buffer].data for entry in model.metadata}
    names_in_archive = zipfile.ZipFile(file).read("labels.txt").decode().splitlines()
    assert json.loads(bytes(entries[b"class_names"])) == names_in_archive
    assert bytes(entries[b"min_runtime_version"]).rstrip(b"\0").count(b".") == 2
    return sorted({f"{names[code.builtinCode]} v{code.version}" for code in codes})


def onnx_logits(file, images):
    """Logits of a file that takes grey values."""
    onnx.checker.check_model(onnx.load(file), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    planes = images.transpose(0, 3, 1, 2).astype(numpy.float32)
    parts = numpy.split(planes, range(100, len(planes), 100))
    return numpy.concatenate([session.run(["logits"], {"input": part})[0] for part in parts])
