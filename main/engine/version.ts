/** This program's version, for results and messages. */
import { version } from '../../package.json';

export const APP_VERSION: string = version;
