// The one place that knows ECharts: a chunk of its own, fetched with the first chart. Drawn on canvas, told in canvas: the content policy
// lets no script write styles.
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { type ComposeOption, type EChartsType, init, use } from 'echarts/core'
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts'
import type { GridComponentOption, TooltipComponentOption } from 'echarts/components'
import { LabelLayout } from 'echarts/features'
import { CanvasRenderer } from 'echarts/renderers'

use([LineChart, BarChart, GridComponent, TooltipComponent, LabelLayout, CanvasRenderer])
type Option = ComposeOption<LineSeriesOption | BarSeriesOption | GridComponentOption | TooltipComponentOption>

const HUES = ['#1C64D1', '#E69F00', '#1F8A5B', '#C65D8A', '#56B4E9', '#7A5195']
/** Hues that are read as text are darker. */
const INKS = ['#1552AF', '#8A5A00']

/** ``values``: as many as there are ``labels``; null leaves a gap. */
export interface Line { name: string; values: (number | null)[]; told: (value: number | null) => string }
export interface Drawn { labels: string[]; titles: string[]; lines: Line[]; percent: boolean }

export interface Chart { show: (drawn: Drawn) => void; resize: (width?: number) => void; dispose: () => void }

/** A chart over time in ``box``; ``pick`` hears which point was clicked. */
export function chart(box: HTMLElement, pick: (index: number) => void): Chart {
  const made: EChartsType = init(box, null, { renderer: 'canvas' })
  let count = 0
  made.getZr().on('click', (event: { offsetX: number; offsetY: number }) => {
    const place: [number, number] = [event.offsetX, event.offsetY]
    if (!made.containPixel('grid', place)) return
    const index = Math.round((made.convertFromPixel('grid', place) as unknown as number[])[0] ?? -1)
    if (index >= 0 && index < count) pick(index)
  })
  return {
    show(drawn) {
      count = drawn.labels.length
      made.setOption(option(drawn, box), { notMerge: true })
    },
    resize(width) { made.resize({ width: width ?? 'auto' }) },
    dispose() { made.dispose() },
  }
}

function option({ labels, titles, lines, percent }: Drawn, box: HTMLElement): Option {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const style = getComputedStyle(box)
  const text = { fontFamily: style.fontFamily, fontSize: 0.75 * rem, color: '#4A5868' }
  const points = labels.length
  return {
    animation: false,
    aria: { enabled: false },
    textStyle: text,
    grid: { left: 0.25 * rem, right: lines.length > 1 || points > 1 ? 6.5 * rem : rem, top: rem, bottom: 0.25 * rem, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: { type: 'category', data: labels, boundaryGap: points < 3, axisTick: { show: false }, axisLine: { lineStyle: { color: '#B4BFCC' } }, axisLabel: { ...text, hideOverlap: true } },
    yAxis: { type: 'value', min: 0, ...(percent ? { max: 100 } : { minInterval: 1 }), splitNumber: 4, splitLine: { lineStyle: { color: '#DDE3EA' } }, axisLabel: { ...text, formatter: percent ? '{value}%' : '{value}' } },
    tooltip: {
      trigger: 'axis', renderMode: 'richText', transitionDuration: 0, confine: true,
      backgroundColor: '#16202B', borderWidth: 0, padding: [0.5 * rem, 0.75 * rem], textStyle: { ...text, color: '#FFFFFF' },
      axisPointer: { type: 'line', lineStyle: { color: '#6B7785' } },
      formatter: (given) => {
        const at = [given].flat()[0]?.dataIndex ?? 0
        return [titles[at], ...lines.map((l) => `${l.name}  ${l.told(l.values[at] ?? null)}`)].join('\n')
      },
    },
    series: lines.map((line, i) => ({
      type: points < 3 ? 'bar' as const : 'line' as const,
      name: line.name,
      data: line.values,
      color: HUES[i % HUES.length] ?? '',
      barMaxWidth: 3 * rem,
      symbol: points > 40 ? 'none' : 'circle',
      symbolSize: 5,
      lineStyle: { width: 2 },
      ...(i === 0 && points >= 3 ? { areaStyle: { opacity: 0.06 } } : {}),
      ...(points >= 3
        ? { endLabel: { show: true, ...text, color: INKS[i] ?? text.color, formatter: line.name, distance: 8, width: 5.5 * rem, overflow: 'truncate' as const }, labelLayout: { moveOverlap: 'shiftY' as const } }
        : { label: { show: true, position: 'top' as const, ...text, formatter: ({ dataIndex }: { dataIndex: number }) => `${line.name} ${line.told(line.values[dataIndex] ?? null)}` } }),
    })),
  } as Option
}
