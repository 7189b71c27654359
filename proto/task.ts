/**
 * Tasks: what a change is a part of, by any name that its author gives it. Whoever looks back finds by it what was done
 * for one thing in many files, and can take just that back.
 *
 * @module
 */

/** The longest name of a task, in UTF-16 code units. */
export const taskLengthMax = 100;

/** Whether a task may be called so. */
export function isTask(name: string): boolean {
  return name.length > 0 && name.length <= taskLengthMax && isPlainText(name);
}

/** Whether a text can be shown in one line, and be put into UTF-8. */
export function isPlainText(text: string): boolean {
  if (!text.isWellFormed()) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return false;
  }
  return true;
}
