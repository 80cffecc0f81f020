/** Halves the interval until it is as narrow as doubles allow. */
const HALVINGS = 100;

/**
 * The t with P(|T| <= t) = `coverage` for Student's t with that many degrees of freedom, such as 2.776 for 95 % and 4.
 * @param coverage 0 <= coverage < 1
 * @param degrees a whole number >= 1
 */
export function tQuantile(coverage: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (probabilityWithin(high, degrees) < coverage) high *= 2;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (probabilityWithin(middle, degrees) < coverage) low = middle;
    else high = middle;
  }
  return high;
}

/** P(|T| <= t): the finite series for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4). */
function probabilityWithin(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = 0;
  for (let power = isOdd ? 1 : 0; power < degrees - 1; power += 2) {
    sum += term;
    term *= (cosine ** 2 * (power + 1)) / (power + 2);
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
