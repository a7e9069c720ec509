/** What the page does with the painting on its input: reads and keeps it, changes it, and has it drawn for a job. */
import type { StoreApi } from 'zustand/vanilla';
import type { Source } from '../../shared/contract';
import type { ErrorBody } from '../../shared/errors';
import { hasMarks, type Brush, type Mark } from '../../shared/painting';
import type { Result } from '../../shared/result';
import type { Draft } from '../../shared/settings';
import type { PageBridge } from '../bridge';
import { afterPause } from './after-pause';
import type { Look, Notice, PageState, ProblemOrigin } from './page-state';
import { brushOf, changeBrush, hasRoomFor, nextSize } from './painting';
import type { PageEvent } from './reduce';

const SAVE_DELAY_MS = 300;
/** Stroke after stroke without a pause is kept so often all the same. */
const LONGEST_DELAY_MS = 1500;

export interface PaintActions {
  /** Gives the input most of the room, with the tools; or takes it back. */
  setPainting: (isPainting: boolean) => void;
  changeBrush: (patch: Partial<Brush>) => void;
  resizeBrush: (direction: 1 | -1) => void;
  /** False when the painting cannot keep any more. */
  addMark: (mark: Mark) => boolean;
  undoMark: () => void;
  redoMark: () => void;
  /** Empties the layer that is drawn on. */
  clearLayer: () => void;
  /** Asks for a picture that becomes the mask. */
  openMask: () => Promise<void>;
  /** Makes a dropped picture the mask. */
  importMask: (file: File) => Promise<void>;
  /** Shows the whole picture, its own pixels, or more or less of it. */
  look: (look: Look) => void;
  setSketchOpen: (isOpen: boolean) => void;
  /** Makes an empty picture the input, to be drawn on. */
  newSketch: (width: number, height: number, colour: string, name: string) => Promise<void>;
  /** Keeps a painting that waits for it at once: the page goes away. */
  flushPainting: () => Promise<void>;
}

/** What this needs of the page. */
export interface PaintPage {
  bridge: PageBridge;
  store: StoreApi<PageState>;
  dispatch: (event: PageEvent) => void;
  changeDraft: (change: (draft: Draft) => Draft) => void;
  report: (origin: ProblemOrigin, error: ErrorBody) => void;
  valueOf: <T>(origin: ProblemOrigin, result: Result<T>) => T | null;
  confirm: (key: Notice['key']) => void;
  bringIn: (ask: () => Promise<Result<Source | null>>) => Promise<void>;
}

/** The source and the mask that a job gets. */
export interface JobInputIds {
  sourceId: string;
  maskId: string | null;
}

export function createPaintActions(page: PaintPage): {
  actions: PaintActions;
  /** Draws the painting for a job; null when there is no picture, or it failed, which is reported. */
  jobInput: () => Promise<JobInputIds | null>;
} {
  const { bridge, store, dispatch, changeDraft, report, valueOf, confirm } = page;
  const state = (): PageState => store.getState();
  let reading: Promise<void> = Promise.resolve();
  let asked: string | null = null;
  const read = async (sourceId: string): Promise<void> => {
    const found = valueOf('source', await bridge.paintingRead({ sourceId }));
    const { marks, pictures } = found ?? { marks: [], pictures: [] };
    if (state().source?.id === sourceId) dispatch({ type: 'painting-read', sourceId, marks, pictures });
  };
  const save = saveLater(bridge, (error) => report('draft', error));
  store.subscribe((now, before) => {
    const sourceId = now.source?.id ?? null;
    if (sourceId !== asked) {
      asked = sourceId;
      if (sourceId !== null) reading = read(sourceId);
    }
    if (now.painting.sourceId === null || now.painting.sourceId !== before.painting.sourceId) return;
    if (now.painting.marks !== before.painting.marks)
      save.schedule(now.painting.sourceId, now.painting.marks);
  });

  const addMask = async (ask: (sourceId: string) => Promise<Result<Source | null>>): Promise<void> => {
    const sourceId = state().source?.id;
    if (sourceId === undefined || state().isImporting) return;
    dispatch({ type: 'import-started' });
    const mask = valueOf('mask', await ask(sourceId));
    dispatch({ type: 'import-ended', source: null });
    if (mask === null || state().painting.sourceId !== sourceId) return;
    dispatch({ type: 'source-known', source: mask });
    actions.addMark({ kind: 'picture', sourceId: mask.id });
  };

  const actions: PaintActions = {
    setPainting: (isPainting) => dispatch({ type: 'paint-mode', isPainting }),
    changeBrush: (patch) => changeDraft((now) => changeBrush(now, patch)),
    resizeBrush: (direction) =>
      changeDraft((now) => changeBrush(now, { size: nextSize(brushOf(now).size, direction) })),
    addMark: (mark) => {
      const { painting } = state();
      if (painting.sourceId === null) return false;
      const hasRoom = hasRoomFor(painting, mark);
      if (hasRoom) dispatch({ type: 'marked', mark });
      else confirm('paintingFull');
      return hasRoom;
    },
    undoMark: () => dispatch({ type: 'mark-undone' }),
    redoMark: () => dispatch({ type: 'mark-redone' }),
    clearLayer: () => {
      const { layer } = brushOf(state().draft);
      if (hasMarks(state().painting.marks, layer)) actions.addMark({ kind: 'clear', layer });
    },
    openMask: () => addMask((sourceId) => bridge.maskOpen({ sourceId })),
    importMask: (file) => addMask((sourceId) => bridge.importMask(file, sourceId)),
    look: (look) => dispatch({ type: 'look-asked', look }),
    setSketchOpen: (isOpen) => dispatch({ type: 'sketch-opened', isOpen }),
    newSketch: async (width, height, colour, name) => {
      dispatch({ type: 'sketch-opened', isOpen: false });
      const before = state().source;
      await page.bringIn(() => bridge.sketchNew({ width, height, colour, name }));
      if (state().source === before) return;
      actions.changeBrush({ layer: 'paint', tool: 'brush' });
      actions.setPainting(true);
    },
    flushPainting: save.flush,
  };

  const jobInput = async (): Promise<JobInputIds | null> => {
    await reading;
    const { source, painting } = state();
    if (source === null) return null;
    const isPlain = !hasMarks(painting.marks, 'paint') && !hasMarks(painting.marks, 'mask');
    if (painting.sourceId !== source.id || isPlain) return { sourceId: source.id, maskId: null };
    const made = valueOf(
      'job',
      await bridge.paintingRender({ sourceId: source.id, marks: [...painting.marks] }),
    );
    if (made === null) return null;
    dispatch({ type: 'source-known', source: made.source });
    return { sourceId: made.source.id, maskId: made.maskId };
  };
  return { actions, jobInput };
}

/** Saves a painting when it has not changed for a moment. */
function saveLater(
  bridge: PageBridge,
  onError: (error: ErrorBody) => void,
): { schedule: (sourceId: string, marks: readonly Mark[]) => void; flush: () => Promise<void> } {
  let waiting: { sourceId: string; marks: Mark[] } | null = null;
  const save = async (): Promise<void> => {
    if (waiting === null) return;
    const painting = waiting;
    waiting = null;
    const answer = await bridge.paintingSave(painting);
    if (!answer.ok) onError(answer.error);
  };
  const saving = afterPause(save, SAVE_DELAY_MS, LONGEST_DELAY_MS);
  const schedule = (sourceId: string, marks: readonly Mark[]): void => {
    if (waiting !== null && waiting.sourceId !== sourceId) void saving.flush();
    waiting = { sourceId, marks: [...marks] };
    saving.schedule();
  };
  return { schedule, flush: async () => saving.flush() };
}
