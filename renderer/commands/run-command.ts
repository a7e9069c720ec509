/** Does a command if it can be done now: by the page or, over the bridge, by the main process. */
import { isPageCommand, type CommandId } from '../../shared/commands';
import type { App } from '../state/app';
import type { PageState } from '../state/page-state';
import { isPageCommandEnabled, PAGE_COMMANDS } from './page-commands';

/** Whether a command would do something now; those of the main process always. */
export const isCommandEnabled = (id: CommandId, state: PageState): boolean =>
  !isPageCommand(id) || isPageCommandEnabled(id, state);

/** Does it, or nothing. */
export function runCommand(id: CommandId, { store, actions }: App): void {
  if (!isPageCommand(id)) actions.runShellCommand(id);
  else if (isPageCommandEnabled(id, store.getState())) PAGE_COMMANDS[id].run(actions, store.getState());
}
