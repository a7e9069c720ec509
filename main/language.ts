/** Which languages there are, and which one to speak; apart from their words, which the start does without. */
export { chooseLanguage, LANGUAGE_CODES, nameOfLanguage } from '../renderer/i18n/language-codes';
