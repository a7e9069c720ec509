/** A machine for jobs in tests: the same on every developer's desk, with a history of its own. */
import type { Machine } from '../../main/engine/plan/machine';
import { NO_HISTORY, remember, type History } from '../../main/placement/history';
import type { Hardware } from '../../shared/hardware';
import type { Provider } from '../../shared/placement';
import { machineWith } from './plan-table';

export interface TestMachine extends Machine {
  /** What jobs have shown on it so far. */
  readonly shown: () => History;
}

/** Without a graphics card where nothing else is said; `providers` are those of its graphics. */
export function testMachine(
  hardware: Hardware = machineWith(0),
  providers: readonly Provider[] = ['webgpu'],
): TestMachine {
  let history = NO_HISTORY;
  return {
    hardware: () => Promise.resolve(hardware),
    gpuProviders: (_, device) => Promise.resolve(device === 'cpu' ? [] : providers),
    history: () => Promise.resolve(history),
    remember: (entry) => {
      history = remember(history, entry);
      return Promise.resolve();
    },
    shown: () => history,
  };
}
