/** A dialog over everything else: the platform's own, which keeps the focus inside and the rest out of reach. Drawn only while it is open. */
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { cx } from './cx';
import styles from './modal.module.css';

interface Props {
  title: string;
  /** `alertdialog` for a question that has to be answered. */
  role?: 'dialog' | 'alertdialog';
  /** Said with the title. */
  description?: ReactNode;
  /** Escape was pressed. */
  onClose: () => void;
  className?: string | undefined;
  children: ReactNode;
}

export function Modal({ title, role = 'dialog', description, onClose, className, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Closed before it is taken away, so that the focus goes back to where it was.
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      role={role}
      className={cx(styles.modal, className)}
      aria-labelledby={`${id}-title`}
      aria-describedby={description === undefined ? undefined : `${id}-text`}
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        // The window's shortcuts do not reach through a dialog; plain keys do, since radio groups listen for arrows out there.
        const isEscape = event.key === 'Escape';
        if (isEscape || event.ctrlKey || event.metaKey) event.stopPropagation();
        if (!isEscape) return;
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={`${id}-title`} className={styles.title}>
        {title}
      </h2>
      {description === undefined ? null : (
        <div id={`${id}-text`} className={styles.description}>
          {description}
        </div>
      )}
      {children}
    </dialog>
  );
}

/** The row of buttons at the end. */
export const ModalButtons = ({ children }: { children: ReactNode }) => (
  <div className={styles.buttons}>{children}</div>
);
