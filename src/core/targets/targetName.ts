/** What a target's name is made of, as a pattern. */
export const targetNameText = '[a-z0-9-]{1,40}';

/** What may name a target, and so a chain of the ledger too. */
export const targetNamePattern = new RegExp(`^${targetNameText}$`);
