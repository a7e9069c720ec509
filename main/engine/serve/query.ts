/** Reads query parameters as every client of Hybrid Inference writes them; unknown names are passed over (hybrid-inference.md 12.5). */
import type { WireDtype } from '../../../shared/network';
import { isWireDtype } from '../remote/tensor-bytes';
import { bad } from './request-error';

export class Query {
  constructor(private readonly parameters: URLSearchParams) {}

  has(name: string): boolean {
    return this.parameters.has(name);
  }

  text(name: string): string | null {
    return this.parameters.get(name);
  }

  /** `True`, `true`, `1`; anything else that is given counts as false. */
  flag(name: string): boolean {
    return /^(true|1)$/i.test(this.parameters.get(name) ?? '');
  }

  /** Throws 400 for what is not a finite number. */
  number(name: string): number | null {
    const text = this.parameters.get(name);
    if (text === null || text === '' || text === 'None') return null;
    const value = Number(text);
    if (!Number.isFinite(value))
      throw bad(`The parameter "${name}" must be a number, not "${text.slice(0, 40)}".`);
    return value;
  }

  /** Throws 400 for what is not a whole number from 1 on. */
  size(name: string): number | null {
    const value = this.number(name);
    if (value !== null && (!Number.isSafeInteger(value) || value < 1)) {
      throw bad(`The parameter "${name}" must be a whole number of pixels, not ${value}.`);
    }
    return value;
  }

  /** The repeated key `shape`; null when it is not given. Throws 400. */
  shape(): number[] | null {
    const texts = this.parameters.getAll('shape');
    if (texts.length === 0) return null;
    const shape = texts.map(Number);
    if (shape.length > 5 || !shape.every((n) => Number.isSafeInteger(n) && n > 0 && n <= 2 ** 24)) {
      throw bad(`The parameter "shape" must be whole numbers such as shape=1&shape=4&shape=64&shape=64.`);
    }
    return shape;
  }

  /** Null when it is not given. Throws 400. */
  dtype(name = 'dtype'): WireDtype | null {
    const text = this.parameters.get(name);
    if (text === null) return null;
    if (!isWireDtype(text)) {
      throw bad(
        `The parameter "${name}" must be float16, float32, bfloat16 or uint8, not "${text.slice(0, 40)}".`,
      );
    }
    return text;
  }
}
