import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';

/** What is known of a metric or a recorded series. */
export interface KnownMetric {
  readonly labels: readonly string[];
  /** `series`: recorded by a rule. */
  readonly kind: 'Counter' | 'Gauge' | 'Histogram' | 'series';
}

export type KnownMetrics = (name: string) => KnownMetric | undefined;

/** What Prometheus adds to every series of a target. */
const OF_TARGETS = ['instance', 'job'];
const NO_VECTOR: ReadonlySet<string> = new Set(['scalar', 'vector', 'absent', 'time']);
const OF_CHANGES: ReadonlySet<string> = new Set(['rate', 'increase']);
const PASS_LABELS: ReadonlySet<string> = new Set(['topk', 'bottomk']);
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...[...NO_VECTOR, ...OF_CHANGES, ...PASS_LABELS],
  ...['sum', 'max', 'min', 'histogram_quantile', 'min_over_time', 'sum_over_time', 'clamp_max'],
]);

/** What an expression gives: the labels of its series, or a number. */
export type Shape = ReadonlySet<string> | 'number';

/**
 * Reads an expression of PromQL and checks what can be known without data: its syntax, that its metrics and their labels
 * exist, that changes are asked of what only grows, and that both sides of an operator have the same labels or say on
 * which they meet.
 * @returns what it gives, and its mistakes as sentences
 */
export function checkPromql(expr: string, known: KnownMetrics): { shape: Shape; mistakes: readonly string[] } {
  const check = new Check(expr, known);
  const top = parser.parse(expr).topNode;
  top.cursor().iterate((node) => {
    if (node.type.isError) check.mistakes.push(`syntax at ${node.from}: ${expr.slice(node.from, node.from + 20)}`);
  });
  const shape = check.mistakes.length > 0 || !top.firstChild ? 'number' : check.shapeOf(top.firstChild);
  return { shape, mistakes: check.mistakes };
}

class Check {
  readonly #expr: string;
  readonly #known: KnownMetrics;
  readonly mistakes: string[] = [];

  constructor(expr: string, known: KnownMetrics) {
    this.#expr = expr;
    this.#known = known;
  }

  shapeOf(node: SyntaxNode, outer = ''): Shape {
    switch (node.name) {
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return 'number';
      case 'VectorSelector':
        return this.#selector(node, outer);
      case 'FunctionCall':
        return this.#call(node);
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'BinaryExpr':
        return this.#binary(node);
      case 'ParenExpr':
      case 'MatrixSelector':
      case 'SubqueryExpr':
        return this.shapeOf(node.firstChild!, outer);
      default:
        this.mistakes.push(`the test does not know ${node.name}: ${this.#text(node)}`);
        return 'number';
    }
  }

  #selector(node: SyntaxNode, outer: string): Shape {
    const name = this.#text(node.getChild('Identifier')!);
    const known = this.#known(name);
    if (!known) {
      this.mistakes.push(`there is no metric ${name}`);
      return 'number';
    }
    const labels = known.kind === 'series' ? known.labels : [...known.labels, ...OF_TARGETS];
    const isBucket = known.kind === 'Histogram' && name.endsWith('_bucket');
    const all = new Set(isBucket ? [...labels, 'le'] : labels);
    for (const matcher of allOf(node, 'LabelName')) this.#has(all, this.#text(matcher), name);
    const grows = known.kind === 'Counter' || known.kind === 'Histogram';
    if (grows !== OF_CHANGES.has(outer))
      this.mistakes.push(`${name} is a ${known.kind}, and ${outer === '' ? 'its value' : outer} is asked for`);
    return all;
  }

  #call(node: SyntaxNode): Shape {
    const name = this.#text(node.getChild('FunctionIdentifier')!);
    this.#isUsed(name);
    const args = argsOf(node).map((arg) => this.shapeOf(arg, name));
    if (NO_VECTOR.has(name)) return name === 'scalar' ? 'number' : new Set();
    const series = args.flatMap((shape) => (shape === 'number' ? [] : [shape]))[0];
    if (!series) return 'number';
    if (name !== 'histogram_quantile') return series;
    this.#has(series, 'le', name);
    return new Set([...series].filter((label) => label !== 'le'));
  }

  #aggregate(node: SyntaxNode): Shape {
    const name = this.#text(node.getChild('AggregateOp')!);
    this.#isUsed(name);
    const inner = argsOf(node)
      .map((arg) => this.shapeOf(arg))
      .flatMap((shape) => (shape === 'number' ? [] : [shape]))[0];
    if (!inner) return 'number';
    const modifier = node.getChild('AggregateModifier');
    if (!modifier) return PASS_LABELS.has(name) ? inner : new Set();
    if (!modifier.getChild('By')) this.mistakes.push(`the test does not know ${this.#text(modifier)}`);
    const by = allOf(modifier, 'LabelName').map((label) => this.#text(label));
    for (const label of by) this.#has(inner, label, this.#text(node));
    return new Set(by);
  }

  #binary(node: SyntaxNode): Shape {
    const left = this.shapeOf(node.firstChild!);
    const right = this.shapeOf(node.lastChild!);
    if (left === 'number' || right === 'number') return left === 'number' ? right : left;
    const clause = node.getChild('MatchingModifierClause');
    const on = clause ? allOf(clause, 'LabelName').map((label) => this.#text(label)) : undefined;
    for (const label of on ?? [])
      for (const side of [left, right]) this.#has(side, label, `on (${label}) of ${this.#text(node)}`);
    const isUnion = node.getChild('Or') !== null;
    if (!on && !isUnion && [...left].sort().join() !== [...right].sort().join())
      this.mistakes.push(`[${[...left].join()}] never meets [${[...right].join()}] in ${this.#text(node)}`);
    return isUnion ? new Set([...left, ...right]) : left;
  }

  #has(labels: ReadonlySet<string>, label: string, where: string): void {
    if (!labels.has(label)) this.mistakes.push(`there is no label ${label} in ${where}`);
  }

  #isUsed(name: string): void {
    if (!FUNCTIONS.has(name)) this.mistakes.push(`the test does not know ${name}()`);
  }

  #text = (node: SyntaxNode) => this.#expr.slice(node.from, node.to);
}

/** The arguments of a call. */
function argsOf(node: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  for (let arg = node.getChild('FunctionCallBody')?.firstChild; arg; arg = arg.nextSibling)
    if (/^[A-Z]/.test(arg.name)) out.push(arg);
  return out;
}

/** All nodes of that name below this one. */
function allOf(node: SyntaxNode, name: string): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  node.cursor().iterate((ref) => {
    if (ref.name === name) out.push(ref.node);
  });
  return out;
}
