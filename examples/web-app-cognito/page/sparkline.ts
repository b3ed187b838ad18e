/** How many readings are shown. */
const LENGTH = 60;

const WIDTH = 320;
const HEIGHT = 72;
const MARGIN = 4;

/** The least that the height stands for, or noise would look like weather. */
const MIN_SPAN = 2;

/** The latest readings as a line. */
export class Sparkline {
  private readings: readonly number[] = [];

  constructor(private readonly svg: SVGSVGElement) {
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  }

  public add(reading: number): void {
    this.readings = [...this.readings, reading].slice(-LENGTH);
    const [low, high] = [Math.min(...this.readings), Math.max(...this.readings)];
    const span = Math.max(high - low, MIN_SPAN);
    const bottom = (low + high - span) / 2;
    // The latest is at the right, from the first on.
    const points = this.readings.map((value, index) => [
      WIDTH - MARGIN - (this.readings.length - 1 - index) * (WIDTH - 2 * MARGIN) / (LENGTH - 1),
      HEIGHT - MARGIN - (value - bottom) / span * (HEIGHT - 2 * MARGIN),
    ] as const);
    const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
    const [lastX, lastY] = points.at(-1)!;
    this.svg.querySelector('.area')!.setAttribute('points', `${points[0]![0].toFixed(1)},${HEIGHT} ${line} ${lastX.toFixed(1)},${HEIGHT}`);
    this.svg.querySelector('.line')!.setAttribute('points', line);
    this.svg.querySelector('.last')!.setAttribute('cx', lastX.toFixed(1));
    this.svg.querySelector('.last')!.setAttribute('cy', lastY.toFixed(1));
    this.svg.setAttribute('aria-label', `The last ${this.readings.length} readings, from ${low.toFixed(1)} to ${high.toFixed(1)} °C`);
  }
}
