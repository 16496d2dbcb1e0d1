/** Sends telemetry to Application Insights. Imported on first use only. */
import {
  AzureMonitorMetricExporter,
  AzureMonitorTraceExporter,
  type AzureMonitorExporterOptions,
} from '@azure/monitor-opentelemetry-exporter';
import { startTelemetrySdk, type TelemetrySdk } from './telemetrySdk.ts';

export interface AzureMonitorSettings {
  /** `APPLICATIONINSIGHTS_CONNECTION_STRING` */
  readonly connectionString: string;
  /**
   * `APPLICATIONINSIGHTS_AUTHENTICATION_STRING`, in the form that the Functions host reads: `Authorization=AAD` with or
   * without `ClientId=…`. Undefined: telemetry is sent without a token.
   */
  readonly authentication?: string | undefined;
  /** Name of the Function App. */
  readonly role: string;
  /** Further options of the exporter's HTTP client. */
  readonly client?: Pick<AzureMonitorExporterOptions, 'httpClient' | 'allowInsecureConnection'>;
}

export async function startAzureMonitor(settings: AzureMonitorSettings): Promise<TelemetrySdk> {
  const credential = await createCredential(settings.authentication);
  const options: AzureMonitorExporterOptions = {
    connectionString: settings.connectionString,
    disableOfflineStorage: true,
    ...settings.client,
    ...(credential && { credential }),
  };
  return startTelemetrySdk(
    { spans: new AzureMonitorTraceExporter(options), metrics: new AzureMonitorMetricExporter(options) },
    settings.role,
  );
}

async function createCredential(
  authentication: string | undefined,
): Promise<AzureMonitorExporterOptions['credential']> {
  if (authentication === undefined || !/(^|;)\s*Authorization\s*=\s*AAD\s*(;|$)/i.test(authentication))
    return undefined;
  const clientId = /(?:^|;)\s*ClientId\s*=\s*([^;\s]+)/i.exec(authentication)?.[1];
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
