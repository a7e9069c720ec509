/** Styles and the history of prompts. */
import type { PromptLibrary, PromptPair } from '../../shared/prompt-library';
import type { AppliedStyle, Style } from '../../shared/prompt-style';
import type { Result } from '../../shared/result';
import type { ActionParts, Failure } from './action-parts';
import { patchDraft } from './draft';

export interface PromptActions {
  readPrompts: () => Promise<void>;
  /** Puts a kept prompt into the form; the one that stands there goes into the history. */
  takePrompt: (pair: PromptPair) => Promise<void>;
  /** Forgets one prompt, or (null) all. */
  forgetPrompt: (pair: PromptPair | null) => Promise<void>;
  /** Puts a style around the prompt, or (null) takes it away. */
  chooseStyle: (style: Style | null) => void;
  /** Keeps a style and chooses it; the reason when it cannot be kept. */
  saveStyle: (style: Style, replaces: string | null) => Promise<Failure>;
  removeStyle: (name: string) => Promise<void>;
}

export function createPromptActions({
  bridge,
  state,
  dispatch,
  valueOf,
  changeDraft,
}: ActionParts): PromptActions {
  const take = (answer: Result<PromptLibrary>): void => {
    const prompts = valueOf('prompts', answer);
    if (prompts !== null) dispatch({ type: 'prompts-read', prompts });
  };
  const applied = (style: Style): AppliedStyle => ({ ...style, typed: null });
  const choose = (style: AppliedStyle | null): void => changeDraft((now) => patchDraft(now, { style }));
  return {
    readPrompts: async () => take(await bridge.promptsRead()),
    takePrompt: async ({ prompt, negativePrompt }) => {
      const { settings } = state().draft;
      const now = { prompt: settings.prompt, negativePrompt: settings.negativePrompt };
      changeDraft((draft) => patchDraft(draft, { prompt, negativePrompt }));
      take(await bridge.promptsRemember(now));
    },
    forgetPrompt: async (entry) => take(await bridge.promptsForget({ entry })),
    chooseStyle: (style) => choose(style === null ? null : applied(style)),
    saveStyle: async (style, replaces) => {
      const answer = await bridge.styleSave({ style, replaces });
      if (!answer.ok) return answer.error;
      dispatch({ type: 'prompts-read', prompts: answer.value });
      choose(applied(style));
      return null;
    },
    removeStyle: async (name) => {
      take(await bridge.styleRemove({ name }));
      if (state().draft.settings.style?.name === name) choose(null);
    },
  };
}
