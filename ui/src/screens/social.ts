// The names people know social accounts by.

import { knows, t } from '../text/t';

/** What a social account is called; the wire's own word for one this build does not know. */
export function social(provider: string): string {
  return knows(`organisation-social-${provider}`) ? t(`organisation-social-${provider}`) : provider;
}
