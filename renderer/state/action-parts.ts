/** What the groups of actions are built from. */
import type { ErrorBody } from '../../shared/errors';
import type { Result } from '../../shared/result';
import type { Draft } from '../../shared/settings';
import type { PageBridge } from '../bridge';
import type { Notice, PageState, ProblemOrigin } from './page-state';
import type { PageEvent } from './reduce';

export interface ActionParts {
  bridge: PageBridge;
  state: () => PageState;
  dispatch: (event: PageEvent) => void;
  /** The value of a good answer; a bad one becomes a problem and null. */
  valueOf: <T>(origin: ProblemOrigin, result: Result<T>) => T | null;
  /** Says briefly that something was done. */
  confirm: (key: Notice['key'], values?: Notice['values']) => void;
  changeDraft: (change: (draft: Draft) => Draft) => void;
}

/** Why something could not be done; null when it could. */
export type Failure = ErrorBody | null;
