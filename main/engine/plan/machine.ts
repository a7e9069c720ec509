/** What a job asks about the machine that it runs on, and what it tells it afterwards. Tests put another machine in its place. */
import type { History, HistoryEntry } from '../../placement/history';
import type { Hardware } from '../../../shared/hardware';
import type { DeviceChoice, Provider } from '../../../shared/placement';
import { thisMachine } from '../this-machine';
import { addToHistory, readHistory } from './history-file';
import { graphicsProviders, workingProviders } from './working-providers';

export interface Machine {
  /** What there is and what is free now. */
  hardware(): Promise<Hardware>;
  /** Graphics providers to plan with. One that was asked for is tried whether or not it is known to work. */
  gpuProviders(hardware: Hardware, device: DeviceChoice): Promise<readonly Provider[]>;
  history(): Promise<History>;
  remember(entry: HistoryEntry): Promise<void>;
}

/** What is free is asked again for every job, but not for every one of many short requests. */
const FRESH_MS = 5000;

export const REAL_MACHINE: Machine = {
  hardware: () => thisMachine.notOlderThan(FRESH_MS),
  gpuProviders: async (hardware, device) =>
    device === 'gpu' ? graphicsProviders() : device === 'cpu' ? [] : workingProviders(hardware),
  history: readHistory,
  remember: addToHistory,
};
