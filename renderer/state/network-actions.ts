/** What the page does with endpoints, permissions and the ledger. Answers come back to the dialog that asked, which shows its own errors. */
import type { NetworkState } from '../../shared/contract';
import type { ErrorBody } from '../../shared/errors';
import type { ConsentAnswer, EndpointTest, LedgerView, NetworkChange } from '../../shared/network-view';
import type { Result } from '../../shared/result';
import type { PageBridge } from '../bridge';
import type { PageState } from './page-state';
import type { PageEvent } from './reduce';

export interface NetworkActions {
  /** Asks anew what is on disk. */
  readNetwork: () => Promise<ErrorBody | null>;
  changeNetwork: (change: NetworkChange) => Promise<ErrorBody | null>;
  setToken: (url: string, token: string | null) => Promise<ErrorBody | null>;
  testEndpoint: (url: string) => Promise<Result<EndpointTest>>;
  readLedger: () => Promise<Result<LedgerView>>;
  saveLedger: () => Promise<Result<{ path: string } | null>>;
  /** Answers the question that is open. */
  answerConsent: (answer: ConsentAnswer) => Promise<void>;
}

export function createNetworkActions(
  bridge: PageBridge,
  state: () => PageState,
  dispatch: (event: PageEvent) => void,
): NetworkActions {
  const take = (answer: Result<NetworkState>): ErrorBody | null => {
    if (!answer.ok) return answer.error;
    dispatch({ type: 'network-read', network: answer.value });
    return null;
  };
  bridge.onConsentAsked((question) => dispatch({ type: 'consent-asked', question }));
  const actions: NetworkActions = {
    readNetwork: async () => take(await bridge.networkRead()),
    changeNetwork: async (change) => take(await bridge.networkChange({ change })),
    setToken: async (url, token) => take(await bridge.tokenSet({ url, token })),
    testEndpoint: async (url) => {
      const answer = await bridge.endpointTest({ url });
      await actions.readNetwork();
      return answer;
    },
    readLedger: () => bridge.ledgerRead(),
    saveLedger: () => bridge.ledgerSave(),
    answerConsent: async (answer) => {
      const { question } = state();
      if (question === null) return;
      dispatch({ type: 'consent-asked', question: null });
      await bridge.consentAnswer({ id: question.id, answer });
      if (answer === 'always') await actions.readNetwork();
    },
  };
  return actions;
}
