/** The notification at the end of work in the background. */
import { Notification, type BrowserWindow } from 'electron';
import { bringToFront } from './window';
import { fill, words } from './words';

/** Tells a person who works in another program meanwhile that the work is over; a click brings the window back. */
export function announceEnd(window: BrowserWindow, pictures: number, stopped: number): void {
  if (window.isDestroyed() || window.isFocused() || !Notification.isSupported()) return;
  const say = words().desktop;
  const ready = pictures === 1 ? say.ready_one : fill(say.ready_other, { count: pictures });
  const left = stopped === 1 ? say.stopped_one : fill(say.stopped_other, { count: stopped });
  const title = [pictures === 0 ? null : ready, stopped === 0 ? null : left]
    .filter((part) => part !== null)
    .join(' · ');
  const notification = new Notification({ title, silent: true });
  notification.on('click', () => bringToFront(window));
  notification.show();
}
