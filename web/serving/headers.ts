// The page's headers: nothing from elsewhere, nothing inline, nothing guessed.

/** A page's content security policy, as directives with their sources. */
const POLICY: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data: blob:",
  "connect-src": "'self'",
  "worker-src": "'self'",
  "manifest-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/** Returns the policy for a `<meta>`. With a nonce, scripts and styles that carry it are allowed too. */
export function policy(nonce?: string): string {
  return Object.entries(POLICY)
    .map(([directive, sources]) =>
      nonce !== undefined && /^(?:script|style)-src$/.test(directive)
        ? `${directive} ${sources} 'nonce-${nonce}'`
        : `${directive} ${sources}`,
    )
    .join("; ");
}

/** Returns the headers of every answer. No page may frame this one, which a `<meta>` can't say. */
export function securityHeaders(nonce?: string): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": `${policy(nonce)}; frame-ancestors 'none'`,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
  };
}
