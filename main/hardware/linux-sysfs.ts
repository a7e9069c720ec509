/** What the Linux kernel tells of graphics adapters, readable by everyone: amdgpu, Intel's i915 and xe, virtual ones (onnxruntime.md 3). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from '../../shared/hardware';
import { plausibleBytes, vendorOf, virtualName, type Findings, type MainMemory } from './findings';

/** AMD's processors with graphics inside, by PCI device id: they use their carve-out and the main memory alike. */
const APUS: Readonly<Record<number, string>> = {
  0x9874: 'AMD Radeon (Carrizo)',
  0x98e4: 'AMD Radeon (Stoney)',
  0x15dd: 'AMD Radeon Vega (Raven)',
  0x15d8: 'AMD Radeon Vega (Picasso)',
  0x1636: 'AMD Radeon (Renoir)',
  0x1638: 'AMD Radeon (Cezanne)',
  0x164c: 'AMD Radeon (Lucienne)',
  0x164d: 'AMD Radeon (Rembrandt)',
  0x164e: 'AMD Radeon (Raphael)',
  0x163f: 'AMD Radeon (Van Gogh)',
  0x1435: 'AMD Radeon (Van Gogh)',
  0x1681: 'AMD Radeon 680M (Rembrandt)',
  0x1506: 'AMD Radeon 610M (Mendocino)',
  0x15bf: 'AMD Radeon 780M (Phoenix)',
  0x15c8: 'AMD Radeon 740M (Phoenix)',
  0x1900: 'AMD Radeon 780M (Hawk Point)',
  0x1901: 'AMD Radeon 740M (Hawk Point)',
  0x150e: 'AMD Radeon 890M (Strix)',
  0x1586: 'AMD Radeon 8060S (Strix Halo)',
  0x1114: 'AMD Radeon (Krackan)',
  0x13c0: 'AMD Radeon (Granite Ridge)',
};

/** A carve-out this small beside a larger pool of main memory is an APU's, whatever its id. */
const CARVE_OUT_BYTES = 2 ** 30;

/** Share of the main memory that an Intel adapter without memory of its own may fill. */
const INTEL_SHARE = 0.5;

/** Reads `<root>/class/drm`, and display controllers without a graphics driver from `<root>/bus/pci`. */
export async function readSysfs(memory: MainMemory, root = '/sys'): Promise<Findings> {
  const cards = await list(join(root, 'class', 'drm'));
  const devices = await list(join(root, 'bus', 'pci', 'devices'));
  const adapters: Adapter[] = [];
  for (const card of (cards ?? []).filter((name) => /^card\d+$/.test(name)).sort()) {
    const adapter = await readCard(join(root, 'class', 'drm', card), card, memory);
    if (adapter !== null) adapters.push(adapter);
  }
  for (const device of (devices ?? []).sort()) {
    if (adapters.some(({ id }) => id === device)) continue;
    const folder = join(root, 'bus', 'pci', 'devices', device);
    // 0x03….: display controllers.
    if (!(await read(join(folder, 'class')))?.startsWith('0x03')) continue;
    adapters.push(await describe(folder, device, memory));
  }
  return { isAnswered: cards !== null || devices !== null, adapters, notes: [] };
}

async function readCard(folder: string, card: string, memory: MainMemory): Promise<Adapter | null> {
  const device = join(folder, 'device');
  const uevent = (await read(join(device, 'uevent'))) ?? '';
  const driver = /^DRIVER=(.+)$/m.exec(uevent)?.[1] ?? '';
  if ((await read(join(device, 'vendor'))) === null) {
    if (driver === '' && uevent === '') return null;
    // No PCI device: a display that the kernel or a USB dock makes up.
    const kind = /^(vkms|vgem)$/.test(driver) ? 'software' : 'virtual';
    const name = driver === '' ? 'display without a graphics processor' : `${driver} display`;
    return { id: card, name, vendor: 'other', kind, totalBytes: null, freeBytes: null, source: 'sysfs' };
  }
  const slot = /^PCI_SLOT_NAME=(.+)$/m.exec(uevent)?.[1]?.toLowerCase() ?? card;
  return describe(device, slot, memory, folder);
}

/** @param device folder of the PCI device; `card`: folder of its DRM node, where it has one */
async function describe(device: string, id: string, memory: MainMemory, card?: string): Promise<Adapter> {
  const vendorId = Number((await read(join(device, 'vendor'))) ?? NaN);
  const deviceId = Number((await read(join(device, 'device'))) ?? NaN);
  const vendor = vendorOf(vendorId);
  const base = { id, vendor, source: 'sysfs' } as const;
  const label = (maker: string): string =>
    Number.isNaN(deviceId) ? maker : `${maker} ${deviceId.toString(16).padStart(4, '0')}`;
  const unknown = { totalBytes: null, freeBytes: null };
  const virtual = virtualName(vendorId);
  if (virtual !== null) return { ...base, ...unknown, name: virtual, kind: 'virtual' };
  if (vendor === 'amd') {
    const own = (await read(join(device, 'product_name'))) || null;
    return { ...base, ...(await readAmd(device, deviceId, memory, own ?? label('AMD graphics'))) };
  }
  if (vendor === 'intel') {
    const totalBytes = await readIntelMemory(device, card);
    if (totalBytes !== null)
      return { ...base, name: label('Intel graphics'), kind: 'discrete', totalBytes, freeBytes: null };
    const share = Math.round(memory.totalBytes * INTEL_SHARE);
    return {
      ...base,
      name: label('Intel graphics'),
      kind: 'integrated',
      totalBytes: share,
      freeBytes: Math.min(share, memory.availableBytes),
    };
  }
  const maker = vendor === 'nvidia' ? 'NVIDIA graphics' : 'graphics adapter';
  return { ...base, ...unknown, name: label(maker), kind: 'discrete' };
}

type AmdPart = Pick<Adapter, 'name' | 'kind' | 'totalBytes' | 'freeBytes'>;

async function readAmd(device: string, deviceId: number, memory: MainMemory, name: string): Promise<AmdPart> {
  const bytes = async (file: string): Promise<number | null> => {
    const text = await read(join(device, file));
    return text !== null && /^\d+$/.test(text) ? Number(text) : null;
  };
  const vram = plausibleBytes(await bytes('mem_info_vram_total'));
  const vramUsed = await bytes('mem_info_vram_used');
  const gtt = plausibleBytes(await bytes('mem_info_gtt_total'));
  const gttUsed = await bytes('mem_info_gtt_used');
  const apu = APUS[deviceId];
  if (vram === null) {
    const kind = apu === undefined ? 'discrete' : 'integrated';
    return { name: apu ?? name, kind, totalBytes: null, freeBytes: null };
  }
  const vramFree = vramUsed === null ? null : Math.max(0, vram - vramUsed);
  if (apu === undefined && !(vram <= CARVE_OUT_BYTES && gtt !== null && gtt > vram)) {
    return { name, kind: 'discrete', totalBytes: vram, freeBytes: vramFree };
  }
  const pool = gtt ?? 0;
  const poolFree = Math.min(Math.max(0, pool - (gttUsed ?? 0)), memory.availableBytes);
  return {
    name: apu ?? name,
    kind: 'integrated',
    totalBytes: vram + pool,
    freeBytes: vramFree === null ? null : vramFree + poolFree,
  };
}

/** Memory of an Arc card: xe tells it per tile, i915 beside the DRM node. Null: it has none of its own. */
async function readIntelMemory(device: string, card: string | undefined): Promise<number | null> {
  let total = 0;
  for (const tile of ((await list(device)) ?? []).filter((name) => /^tile\d+$/.test(name))) {
    total += Number((await read(join(device, tile, 'physical_vram_size_bytes'))) ?? 0);
  }
  if (total === 0 && card !== undefined) total = Number((await read(join(card, 'lmem_total_bytes'))) ?? 0);
  return plausibleBytes(total);
}

async function list(folder: string): Promise<string[] | null> {
  return readdir(folder).catch(ignoreMissing);
}

async function read(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  return text === null ? null : text.trim();
}

/** Drivers leave out files, and some refuse to answer while the card sleeps. */
function ignoreMissing(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  const expected = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EIO', 'ENODEV', 'EINVAL', 'ENXIO'];
  if (code !== undefined && expected.includes(code)) return null;
  throw error;
}
