/** The question before anything leaves this machine: to which address, what, and for how long that holds. */
import { normalAddress } from '../../../shared/network';
import { useActions, usePage } from '../../app-context';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Modal, ModalButtons } from '../../ui/modal';

export function Consent() {
  const t = useT();
  const question = usePage((state) => state.question);
  const { answerConsent } = useActions();
  if (question === null) return null;
  const { id, stage, url, kinds } = question;
  const what = kinds.map((kind) => t(`consent.${kind}`)).join(` ${t('consent.and')} `);
  return (
    <Modal
      key={id}
      role="alertdialog"
      title={t('consent.title')}
      description={
        <>
          <p>{t('consent.text', { stage: t(`stage.${stage}`), what, url: normalAddress(url) })}</p>
          <p>{t('consent.nothingYet')}</p>
        </>
      }
      onClose={() => void answerConsent('cancel')}
    >
      <ModalButtons>
        <Button onClick={() => void answerConsent('cancel')}>{t('consent.cancel')}</Button>
        <Button onClick={() => void answerConsent('local')}>{t('consent.local')}</Button>
        <Button onClick={() => void answerConsent('once')}>{t('consent.once')}</Button>
        <Button onClick={() => void answerConsent('always')}>{t('consent.always')}</Button>
      </ModalButtons>
    </Modal>
  );
}
