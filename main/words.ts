/** What the main process says itself: the page's own words, in menus, dialogs and notifications. */
import { en } from '../renderer/i18n/en';

/** The sentences of the language in use. */
export const words = en;
