/** A result in another file format, with the settings that it carries. */
import { readPicture } from './read';
import { readSettings } from './read-settings';
import { encodePicture, writeAtomically, type ResultFormat } from './write';

export interface ExportWanted {
  inputPath: string;
  outputPath: string;
  format: ResultFormat;
  /** Of JPEG and WebP, 1 … 100. */
  quality: number;
}

/** Writes a picture anew. Throws AppError `input` when it cannot be read, `output` or `disk-full` when it cannot be written. */
export async function exportPicture({ inputPath, outputPath, format, quality }: ExportWanted): Promise<void> {
  const picture = await readPicture(inputPath, { keepsOwnColours: true });
  const { parameters = '', json = '{}' } = (await readSettings(inputPath)) ?? {};
  await writeAtomically(outputPath, await encodePicture(picture, format, { parameters, json }, quality));
}
