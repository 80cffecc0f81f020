import type { Span } from '@opentelemetry/api';
import type { IdGenerator, ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** Spans that may wait for the collector; further ones are dropped. */
const MOST_WAITING = 2048;
/** Spans of one request: the event loop is not held up for long by making them JSON. */
const BATCH = 64;
/** A collector that does not answer for so long has not taken them. */
const TIMEOUT_MS = 10_000;
/** Events of one span: the last so many changes of the reason. */
const MOST_EVENTS = 32;

interface SpanCounts {
  exported: number;
  failed: number;
  dropped: number;
}

/** A span to begin. Times are wall times in ms. */
interface NewSpan {
  readonly name: string;
  readonly startMs: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** The span that it is part of; or the trace that it begins; or the traceparent of whoever submitted the gang. */
  readonly in: { readonly span: Span } | { readonly traceId: string } | { readonly traceParent: string };
}

/** Where spans go. */
export interface Pipeline {
  readonly begin: (span: NewSpan) => Span;
  readonly counts: Readonly<SpanCounts>;
  /** Sends what waits, and waits for the collector; never rejects. */
  readonly close: () => Promise<void>;
}

/**
 * Loads OpenTelemetry and opens a pipeline to the collector. Nothing of it is loaded before.
 * @param endpoint an OTLP/HTTP endpoint, or `env`: what OTEL_EXPORTER_OTLP_* say
 */
export async function openPipeline(endpoint: string, about: Readonly<Record<string, string>>): Promise<Pipeline> {
  const [api, sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const { ROOT_CONTEXT, trace } = api;
  const url = endpoint === 'env' ? {} : { url: tracesUrl(endpoint) };
  const exporter = new otlp.OTLPTraceExporter({ ...url, timeoutMillis: TIMEOUT_MS });
  const counter = new SpanCounter();
  const limits = { maxQueueSize: MOST_WAITING, maxExportBatchSize: BATCH, exportTimeoutMillis: 2 * TIMEOUT_MS };
  const batches = new sdk.BatchSpanProcessor(counter.counting(exporter), limits);
  const ids = new ChosenIds(new sdk.RandomIdGenerator());
  const told = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.BasicTracerProvider({
    resource: resources.defaultResource().merge(resources.resourceFromAttributes(about)).merge(told),
    spanProcessors: [counter.bounding(batches)],
    spanLimits: { eventCountLimit: MOST_EVENTS },
    idGenerator: ids,
  });
  const tracer = provider.getTracer('muster');
  const begin = ({ name, startMs, attributes = {}, in: place }: NewSpan): Span => {
    if ('traceId' in place) ids.next = place.traceId;
    const context =
      'span' in place
        ? trace.setSpan(ROOT_CONTEXT, place.span)
        : 'traceParent' in place
          ? trace.setSpanContext(ROOT_CONTEXT, remote(place.traceParent))
          : ROOT_CONTEXT;
    return tracer.startSpan(name, { startTime: new Date(startMs), attributes: { ...attributes } }, context);
  };
  return { begin, counts: counter.counts, close: () => provider.shutdown().catch(() => undefined) };
}

/** The signal's path belongs to an endpoint without one (OTLP specification, Endpoint URLs for OTLP/HTTP). */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

/** @param traceParent a valid one: `00-TRACE-SPAN-FLAGS` */
function remote(traceParent: string) {
  const [, traceId = '', spanId = '', flags = ''] = traceParent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

/** Gives the next trace the id that is asked for. */
class ChosenIds implements IdGenerator {
  readonly #random: IdGenerator;
  next: string | undefined;

  constructor(random: IdGenerator) {
    this.#random = random;
  }

  generateTraceId = (): string => {
    const id = this.next ?? this.#random.generateTraceId();
    this.next = undefined;
    return id;
  };

  generateSpanId = (): string => this.#random.generateSpanId();
}

const SAMPLED = 1;

/** Counts what becomes of every span, and keeps more than MOST_WAITING from the processor, which would not tell. */
class SpanCounter {
  readonly counts: SpanCounts = { exported: 0, failed: 0, dropped: 0 };
  #waiting = 0;

  bounding(inner: SpanProcessor): SpanProcessor {
    return {
      onStart: () => undefined,
      onEnd: (span) => {
        if ((span.spanContext().traceFlags & SAMPLED) === 0) return;
        if (this.#waiting >= MOST_WAITING) {
          this.counts.dropped++;
          return;
        }
        this.#waiting++;
        inner.onEnd(span);
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    };
  }

  counting(inner: SpanExporter): SpanExporter {
    return {
      export: (spans: ReadableSpan[], done) =>
        inner.export(spans, (result) => {
          this.#waiting -= spans.length;
          // ExportResultCode.SUCCESS, of a package that comes with the SDK alone.
          this.counts[Number(result.code) === 0 ? 'exported' : 'failed'] += spans.length;
          done(result);
        }),
      shutdown: () => inner.shutdown(),
    };
  }
}
