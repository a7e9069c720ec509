/** Turns ONNX Runtime's messages into one plain sentence with the right error code. */
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/errors';
import type { Provider } from '../../../shared/placement';

interface Rule {
  readonly pattern: RegExp;
  readonly code: 'model' | 'out-of-memory';
  readonly explain: (file: string) => string;
}

/** A provider that nothing on this machine can run on, whatever the graph: it is not worth trying with the next one. */
export class ProviderUnavailable extends AppError {}

/** What Dawn and ONNX Runtime say when there is no usable adapter or driver. */
const NO_ADAPTER = /RequestAdapter|adapter_result|no (suitable |compatible )?adapter|no CUDA-capable device/i;

const RULES: readonly Rule[] = [
  {
    pattern: /failed to allocate memory|out of memory|bad_alloc|8007000E|OUTOFMEMORY/i,
    code: 'out-of-memory',
    explain: (file) =>
      `There is not enough memory to run ${file}; close other programs, choose a smaller size, or switch tiling on.`,
  },
  {
    pattern: /bfloat16|float8|unsupported data type/i,
    code: 'model',
    explain: (file) =>
      `${file} has bfloat16 or float8 inputs or outputs, which cannot be used here; use a float32 or float16 export of this model.`,
  },
  {
    pattern:
      /NhwcConv|com\.microsoft.*(is not a registered|no kernel|not implemented)|could not find an implementation/i,
    code: 'model',
    explain: (file) =>
      `${file} was fused for NVIDIA's CUDA provider and contains operators that nothing here can run; use an unfused export of this model.`,
  },
  {
    pattern: /external data|external initializer|model_data|\.onnx_data|onnx\.data|weights\.pb/i,
    code: 'model',
    explain: (file) =>
      `The weights that belong to ${file} are missing or incomplete; download the whole model folder again, with every file beside ${file}.`,
  },
  {
    pattern: /doesn't exist|no such file|load model from .* failed:.*file/i,
    code: 'model',
    explain: (file) => `${file} is missing or cannot be read; download the model again.`,
  },
  {
    pattern:
      /protobuf parsing failed|invalid model|invalid protobuf|not a valid|onnxruntime::Model::Model\(/i,
    code: 'model',
    explain: (file) =>
      `${file} is not a valid ONNX model; the file may be cut off, so download the model again.`,
  },
];

/** Explains what ONNX Runtime threw while opening or running `path`. */
export function explainSessionError(thrown: unknown, path: string, provider: Provider): AppError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const file = join(basename(dirname(path)), basename(path));
  if (provider !== 'cpu' && NO_ADAPTER.test(message)) {
    const sentence = `there is no graphics card or driver that ${provider} can use.`;
    return new ProviderUnavailable('model', sentence, { cause: thrown });
  }
  const rule = RULES.find((candidate) => candidate.pattern.test(message));
  if (rule !== undefined) return new AppError(rule.code, rule.explain(file), { cause: thrown });
  return new AppError('model', `${file} could not be run on ${provider}: ${plain(message)}.`, {
    cause: thrown,
  });
}

/** The first line without its full stop; of a failed C++ check only what it says in words. */
function plain(message: string): string {
  const line = (message.split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 240);
  if (!/onnxruntime_src|\w::\w/.test(line)) return line;
  return (
    /was false\. (.+)$/.exec(message.replace(/\s+/g, ' '))?.[1]?.slice(0, 240) ?? 'ONNX Runtime refuses it'
  );
}
