/** The user-assigned managed identity that a setting names. */
export type ManagedIdentity = { readonly clientId: string } | { readonly resourceId: string };
