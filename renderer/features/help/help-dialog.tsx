/** Help that is always there: the main ideas, ways out of trouble, the keys as they are now. */
import { ClipboardCopy, Keyboard } from 'lucide-react';
import type { ReactNode } from 'react';
import { COMMAND_IDS, keysOfCommand } from '../../../shared/commands';
import { useActions, usePage } from '../../app-context';
import { Keys } from '../../commands/key-words';
import { useT } from '../../i18n/use-t';
import { Button } from '../../ui/button';
import { Modal, ModalButtons } from '../../ui/modal';
import { useRemembered } from '../../use-remembered';
import styles from './help.module.css';

const IDEAS = ['strength', 'seed', 'guidance', 'stages', 'results', 'privacy'] as const;
const TROUBLES = ['memory', 'slow', 'same', 'far', 'stopped', 'unreadable', 'report'] as const;

export function HelpDialog() {
  const t = useT();
  const version = usePage((state) => state.version);
  const { openDialog, copyDiagnostics } = useActions();
  const close = (): void => openDialog(null);
  return (
    <Modal title={t('help.title')} className={styles.dialog} onClose={close}>
      <div className={styles.text}>
        <Section name="ideas">
          <Explanations topics={IDEAS} />
        </Section>
        <Section name="trouble">
          <Explanations topics={TROUBLES} />
        </Section>
        <Section name="keys">
          <KeyTable />
        </Section>
        <p className={styles.about}>{t('help.about', { version })}</p>
      </div>
      <ModalButtons>
        <Button
          onClick={() => {
            close();
            void copyDiagnostics();
          }}
        >
          <ClipboardCopy aria-hidden />
          {t('command.copy-diagnostics')}
        </Button>
        <Button onClick={() => openDialog('keys')}>
          <Keyboard aria-hidden />
          {t('help.changeKeys')}
        </Button>
        <Button onClick={close}>{t('help.close')}</Button>
      </ModalButtons>
    </Modal>
  );
}

interface SectionProps {
  name: 'ideas' | 'trouble' | 'keys';
  children: ReactNode;
}

/** Folded or not, as it was left. */
function Section({ name, children }: SectionProps) {
  const t = useT();
  const [isOpen, setOpen] = useRemembered(`help.${name}`, true);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={styles.heading}>{t(`help.${name}`)}</summary>
      {children}
    </details>
  );
}

interface ExplanationsProps {
  topics: readonly ((typeof IDEAS)[number] | (typeof TROUBLES)[number])[];
}

function Explanations({ topics }: ExplanationsProps) {
  const t = useT();
  return (
    <dl className={styles.topics}>
      {topics.map((topic) => (
        <div key={topic}>
          <dt>{t(`help.${topic}`)}</dt>
          <dd>{t(`help.${topic}Text`)}</dd>
        </div>
      ))}
    </dl>
  );
}

function KeyTable() {
  const t = useT();
  const chosen = usePage((state) => state.preferences.keys);
  const rows = COMMAND_IDS.map((id) => ({ id, keys: keysOfCommand(id, chosen) }));
  return (
    <dl className={styles.keys}>
      {rows
        .filter(({ keys }) => keys.length > 0)
        .map(({ id, keys }) => (
          <div key={id}>
            <dt>{t(`command.${id}`)}</dt>
            <dd>
              {keys.map((one) => (
                <Keys key={one} keys={one} />
              ))}
            </dd>
          </div>
        ))}
    </dl>
  );
}
