/** Drawing on the input, and live mode. Those that have plain keys count only while the tools show. */
import type { PaintTool } from '../../shared/painting';
import type { PageState } from '../state/page-state';
import { brushOf } from '../state/painting';
import type { PageCommand } from './page-commands';

const hasPainting = (state: PageState): boolean =>
  state.phase === 'ready' && state.source !== null && state.painting.sourceId === state.source.id;
const isDrawing = (state: PageState): boolean => state.isPainting && hasPainting(state);
const drawsMask = (state: PageState): boolean => isDrawing(state) && brushOf(state.draft).layer === 'mask';
const drawsColour = (state: PageState): boolean => isDrawing(state) && brushOf(state.draft).layer === 'paint';

const tool = (name: PaintTool, isEnabled = isDrawing): PageCommand => ({
  isEnabled,
  run: (actions) => actions.changeBrush({ tool: name }),
});

export const PAINT_COMMANDS = {
  'new-sketch': {
    isEnabled: (state) => state.phase === 'ready' && !state.isImporting,
    run: (actions) => actions.setSketchOpen(true),
  },
  'open-mask': {
    isEnabled: (state) => hasPainting(state) && !state.isImporting,
    run: (actions) => void actions.openMask(),
  },
  paint: {
    isEnabled: (state) => hasPainting(state) || state.isPainting,
    run: (actions, state) => actions.setPainting(!state.isPainting),
  },
  live: { isEnabled: (state) => state.phase === 'ready', run: (actions) => actions.switchLive() },
  'keep-live': {
    isEnabled: (state) => state.live.picture !== null,
    run: (actions) => void actions.keepLive(),
  },
  'paint-undo': {
    isEnabled: (state) => isDrawing(state) && state.painting.marks.length > 0,
    run: (actions) => actions.undoMark(),
  },
  'paint-redo': {
    isEnabled: (state) => isDrawing(state) && state.painting.undone.length > 0,
    run: (actions) => actions.redoMark(),
  },
  'paint-layer': {
    isEnabled: isDrawing,
    run: (actions, state) =>
      actions.changeBrush({ layer: brushOf(state.draft).layer === 'mask' ? 'paint' : 'mask' }),
  },
  'tool-brush': tool('brush'),
  'tool-eraser': tool('eraser'),
  'tool-lasso': tool('lasso'),
  'tool-rectangle': tool('rectangle'),
  'tool-picker': tool('picker', drawsColour),
  'brush-smaller': { isEnabled: isDrawing, run: (actions) => actions.resizeBrush(-1) },
  'brush-larger': { isEnabled: isDrawing, run: (actions) => actions.resizeBrush(1) },
  'mask-all': { isEnabled: drawsMask, run: (actions) => void actions.addMark({ kind: 'all' }) },
  'mask-invert': { isEnabled: drawsMask, run: (actions) => void actions.addMark({ kind: 'invert' }) },
  'layer-clear': {
    isEnabled: (state) => isDrawing(state) && state.painting.marks.length > 0,
    run: (actions) => actions.clearLayer(),
  },
  'look-fit': { isEnabled: isDrawing, run: (actions) => actions.look('fit') },
  'look-full': { isEnabled: isDrawing, run: (actions) => actions.look('full') },
  'look-in': { isEnabled: isDrawing, run: (actions) => actions.look('in') },
  'look-out': { isEnabled: isDrawing, run: (actions) => actions.look('out') },
} as const satisfies Readonly<Record<string, PageCommand>>;
