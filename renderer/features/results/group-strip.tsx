/** The pictures of a group side by side, each with what sets it apart; those that are not there yet hold their place. */
import { Clock, LoaderCircle } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { useActions, usePage } from '../../app-context';
import { useT, type Translate } from '../../i18n/use-t';
import { toPercent } from '../../state/format';
import { groupInView, type GroupMember } from '../../state/groups';
import { Button } from '../../ui/button';
import styles from './group-strip.module.css';

export function GroupStrip() {
  const t = useT();
  const results = usePage((state) => state.results);
  const runs = usePage((state) => state.runs);
  const selectedResultId = usePage((state) => state.selectedResultId);
  const currentJobId = usePage((state) => state.currentJobId);
  const { selectResult, cancelJobs } = useActions();
  const group = groupInView({ results, runs, selectedResultId, currentJobId });
  if (group === null) return null;
  const open = group.members.flatMap(({ jobId, state }) =>
    jobId !== null && (state === 'waiting' || state === 'running') ? [jobId] : [],
  );
  return (
    <div className={styles.strip}>
      <RadioGroup.Root
        className={styles.members}
        aria-label={t(`group.${group.kind}`)}
        orientation="horizontal"
        loop={false}
        value={selectedResultId ?? ''}
        onValueChange={selectResult}
      >
        {group.members.map((member) => (
          <Member key={member.index} member={member} label={labelOf(member, t)} />
        ))}
      </RadioGroup.Root>
      {open.length === 0 ? null : (
        <Button look="quiet" onClick={() => void cancelJobs(open)}>
          {t('group.cancel')}
        </Button>
      )}
    </div>
  );
}

function Member({ member, label }: { member: GroupMember; label: string }) {
  const t = useT();
  const { result, state } = member;
  return (
    <RadioGroup.Item
      value={result?.id ?? `(${member.index})`}
      disabled={result === null}
      className={styles.member}
      aria-label={result === null ? `${label}, ${t(`group.${state}`)}` : label}
    >
      <span className={styles.picture}>
        {result !== null ? (
          <img src={result.thumbnailUrl ?? result.url} alt="" draggable={false} />
        ) : state === 'running' ? (
          <LoaderCircle aria-hidden className={styles.spinner} />
        ) : state === 'waiting' ? (
          <Clock aria-hidden />
        ) : null}
      </span>
      <span className={styles.label} title={label}>
        {label}
      </span>
    </RadioGroup.Item>
  );
}

/** What sets a picture apart from the others of its group. */
function labelOf({ difference }: GroupMember, t: Translate): string {
  switch (difference.kind) {
    case 'strength':
      return t('group.strength', { percent: toPercent(difference.strength) });
    case 'seed':
      return t('results.seed', { seed: difference.seed });
    case 'words':
      return difference.words === '' ? t('group.nothing') : difference.words;
    case 'unknown':
      return t('group.gone');
  }
}
