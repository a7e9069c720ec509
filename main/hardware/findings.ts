/** What one way of asking found out, and words that all ways share. */
import type { Adapter, AdapterVendor } from '../../shared/hardware';

export interface Findings {
  /** False: this way could not tell anything, so another one is worth asking. */
  readonly isAnswered: boolean;
  readonly adapters: readonly Adapter[];
  /** Sentences about what could not be found out. */
  readonly notes: readonly string[];
}

export const NOTHING: Findings = { isAnswered: false, adapters: [], notes: [] };

/** Main memory, of which integrated adapters take their share. */
export interface MainMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** Share of the main memory that unified adapters may fill by default (onnxruntime.md 3: measured by others on Apple silicon). */
export const unifiedShare = (memoryBytes: number): number => (memoryBytes <= 36 * 2 ** 30 ? 0.66 : 0.75);

const VENDORS: Readonly<Record<number, AdapterVendor>> = {
  0x10de: 'nvidia',
  0x1002: 'amd',
  0x1022: 'amd',
  0x8086: 'intel',
  0x106b: 'apple',
};

/** PCI vendor id → vendor. */
export const vendorOf = (id: number): AdapterVendor => VENDORS[id] ?? 'other';

/** PCI vendors whose adapters exist only in a virtual machine, or are a server's console. */
const VIRTUAL_VENDORS: Readonly<Record<number, string>> = {
  0x1af4: 'virtio graphics',
  0x15ad: 'VMware graphics',
  0x80ee: 'VirtualBox graphics',
  0x1234: 'QEMU graphics',
  0x1b36: 'QXL graphics',
  0x1414: 'Microsoft virtual graphics',
  0x1013: 'Cirrus graphics',
  0x1ab8: 'Parallels graphics',
  0x5853: 'Xen graphics',
  0x1a03: 'server console (ASPEED)',
  0x102b: 'server console (Matrox)',
};

/** Name of a virtual adapter by its PCI vendor; null for a real one. */
export const virtualName = (vendorId: number): string | null => VIRTUAL_VENDORS[vendorId] ?? null;

/** Software rasterisers and remote displays, by the names that drivers give them. */
export function kindByName(name: string): 'software' | 'virtual' | null {
  if (/basic render|llvmpipe|lavapipe|swiftshader|software adapter|warp\b/i.test(name)) return 'software';
  const isVirtual =
    /virtual|remote|basic display|parsec|indirect|idd\b|displaylink|citrix|vmware|virtualbox|parallels|qxl|virtio|hyper-v|mirage|spacedesk|meta monitor|aspeed|matrox/i;
  return isVirtual.test(name) ? 'virtual' : null;
}

/** A number of bytes that can be true: null for anything else. */
export function plausibleBytes(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 2 ** 42
    ? Math.round(value)
    : null;
}
