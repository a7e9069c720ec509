/** Requests about results that leave the app, and about prompts that are kept. */
import path from 'node:path';
import type { GenerationSettings } from '../../shared/generation';
import { asTyped } from '../../shared/prompt-style';
import type { RequestHandlers, RequestServices } from './requests';

type Part =
  | 'result.save'
  | 'result.copy'
  | 'result.drag'
  | 'export.read'
  | 'export.change'
  | 'prompts.read'
  | 'prompts.remember'
  | 'prompts.forget'
  | 'style.save'
  | 'style.remove';

/** Handlers of saving, copying and dragging results, of styles and of the history. */
export function makeResultHandlers({
  settings,
  files,
  icons,
  prompts,
  desktop,
}: RequestServices): Pick<RequestHandlers, Part> {
  return {
    'result.save': async ({ resultId, isAsking }) => {
      const { folder } = settings.current.export;
      if (!isAsking && folder !== null) return { path: await files.saveInto(resultId, folder) };
      const chosen = await desktop.pickSavePath({
        name: await files.freeName(resultId, folder),
        folder,
        extension: files.endingOf(resultId),
      });
      if (chosen === null) return null;
      const target = await files.saveAs(resultId, chosen);
      await settings.update({ export: { ...settings.current.export, folder: path.dirname(target) } });
      return { path: target };
    },
    'result.copy': async ({ resultId, as }) => {
      await (as === 'file'
        ? desktop.copyFile(await files.handOut(resultId))
        : desktop.copyPicture(await files.asPng(resultId)));
      return null;
    },
    'result.drag': async ({ resultId }) => {
      const [file, icon] = await Promise.all([files.handOut(resultId), icons.pathOf(resultId)]);
      desktop.dragFile(file, icon ?? file);
      return null;
    },
    'export.read': async () => settings.current.export,
    'export.change': async (change) => {
      await settings.update({ export: { ...settings.current.export, ...change } });
      return settings.current.export;
    },
    'prompts.read': async () => prompts.current,
    'prompts.remember': (pair) => prompts.remember({ ...pair, usedAt: Date.now() }),
    'prompts.forget': ({ entry }) => prompts.forget(entry),
    'style.save': ({ style, replaces }) => prompts.saveStyle(style, replaces),
    'style.remove': ({ name }) => prompts.removeStyle(name),
  };
}

/** Keeps what was typed for a job that has begun; the job goes on where that fails. */
export async function rememberWords(
  { prompts, log }: Pick<RequestServices, 'prompts' | 'log'>,
  wanted: GenerationSettings,
): Promise<void> {
  const { prompt, negativePrompt } = asTyped(wanted);
  await prompts
    .remember({ prompt, negativePrompt, usedAt: Date.now() })
    .catch((error: unknown) => log(`the prompt could not be kept in the history: ${String(error)}`));
}
