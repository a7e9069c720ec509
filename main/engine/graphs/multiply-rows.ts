/** The product of rows with a matrix in PyTorch's layout, by the operator that the target really runs (graphs.md). */
import type { GraphBuilder, Value } from './graph-builder';

/** `x · Wᵀ + b`: x [N, in], W [out, in], b [out] or [N, out] → [N, out]. */
export function multiplyRows(g: GraphBuilder, x: Value, weight: Value, bias?: Value): Value {
  if (g.target.kernels === 'gpu') {
    return g.op('Gemm', bias === undefined ? [x, weight] : [x, weight, bias], { attributes: { transB: 1 } });
  }
  const product = g.microsoft('FusedMatMul', [x, weight], { transB: 1 });
  return bias === undefined ? product : g.op('Add', [product, bias]);
}
