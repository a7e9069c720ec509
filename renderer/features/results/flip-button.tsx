/** Shows the input for as long as it is held: by pointer, or by Space or Enter. */
import { Eye } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n/use-t';
import { IconButton } from '../../ui/icon-button';

export function FlipButton({ onFlip }: { onFlip: (isFlipped: boolean) => void }) {
  const t = useT();
  const [isHeld, setIsHeld] = useState(false);
  const hold = (next: boolean): void => {
    setIsHeld(next);
    onFlip(next);
  };
  const isHoldKey = (key: string): boolean => key === ' ' || key === 'Enter';
  return (
    <IconButton
      label={t('results.flip')}
      aria-pressed={isHeld}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        hold(true);
      }}
      onPointerUp={() => hold(false)}
      onPointerCancel={() => hold(false)}
      onBlur={() => hold(false)}
      onKeyDown={(event) => {
        if (isHoldKey(event.key) && !event.ctrlKey && !event.metaKey) hold(true);
      }}
      onKeyUp={(event) => {
        if (isHoldKey(event.key)) hold(false);
      }}
    >
      <Eye aria-hidden />
    </IconButton>
  );
}
