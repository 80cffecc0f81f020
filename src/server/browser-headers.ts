import type { FastifyInstance } from 'fastify';

/** Only what muster itself serves, no inline script or style, no frame around it, nothing sent elsewhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cache-control': 'no-store',
};

/**
 * Adds to every answer what keeps a browser from doing more with it than showing it, and the time that answers are
 * relative to: that of the demo goes faster than that of the machine. A route may say otherwise.
 * @param wallMs the time now; absent: that of this machine
 */
export function browserHeaders(app: FastifyInstance, wallMs: (() => number) | undefined): void {
  const headers = Object.entries(HEADERS);
  app.addHook('onRequest', (_request, { raw }, done) => {
    // On the raw answer: streams write their head themselves.
    for (const [name, value] of headers) raw.setHeader(name, value);
    if (wallMs) raw.setHeader('date', new Date(wallMs()).toUTCString());
    done();
  });
}
