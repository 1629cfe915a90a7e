// What a dashboard of ours consists of, in the words of @grafana/schema: its panels with the options
// of their kind, and nothing that these types do not know.
import type { Dashboard, DataSourceRef, FieldConfig, Panel, RowPanel, VariableModel } from '@grafana/schema';
import type * as BarGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as StateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as Table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// Enumerations are texts in JSON.
type JSONOf<T> = T extends string
  ? `${T}`
  : T extends (infer E)[]
    ? JSONOf<E>[]
    : T extends object
      ? { [K in keyof T]: JSONOf<T[K]> }
      : T;

// The schema has no types for queries, links of fields and properties of overrides.
type Target = {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  instant?: true;
  range?: true;
  format: 'table' | 'time_series';
  legendFormat?: string;
};
type DataLink = { title: string; url: string; targetBlank: boolean };
type Field<Custom> = Omit<FieldConfig, 'custom' | 'links'> & { custom?: Partial<Custom>; links?: DataLink[] };
type Properties<T, Prefix extends string = ''> = {
  [K in keyof T & string]-?: { id: `${Prefix}${K}`; value: JSONOf<NonNullable<T[K]>> };
}[keyof T & string];
type Override<Custom> = {
  matcher: { id: 'byName' | 'byRegexp'; options: string };
  properties: (Properties<Omit<Field<never>, 'custom'>> | Properties<Custom, 'custom.'>)[];
};
type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | {
      id: 'filterByValue';
      options: {
        type: 'include';
        match: 'all';
        filters: { fieldName: string; config: { id: 'isNotNull'; options: Record<string, never> } }[];
      };
    }
  | {
      id: 'organize';
      options: {
        excludeByName: Record<string, boolean>;
        indexByName: Record<string, number>;
        renameByName: Record<string, string>;
      };
    };

type PanelOf<Type extends string, Options, Custom = Record<string, never>> = JSONOf<
  Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'>
> & {
  type: Type;
  options: JSONOf<Partial<Options>>;
  targets: Target[];
  transformations?: Transformation[];
  fieldConfig: { defaults: JSONOf<Field<Custom>>; overrides: Override<Custom>[] };
};
type DataPanel =
  | PanelOf<'stat', Stat.Options>
  | PanelOf<'bargauge', BarGauge.Options>
  | PanelOf<'table', Table.Options, Table.FieldConfig>
  | PanelOf<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>
  | PanelOf<'state-timeline', StateTimeline.Options, StateTimeline.FieldConfig>;

// Grafana writes a definition beside the query of a variable.
type Variable = JSONOf<VariableModel> & { definition?: string };

export type CBRDashboard = JSONOf<Omit<Dashboard, 'panels' | 'templating'>> & {
  panels: (DataPanel | (JSONOf<Omit<RowPanel, 'panels'>> & { panels: DataPanel[] }))[];
  templating: { list: Variable[] };
};
