using System.Globalization;
using System.Text.Json;

namespace Dpark.Workloads;

/// <summary>Writes results for people, as a Markdown table that can be put into a document, and for programs, as JSON.</summary>
internal static class ResultTable
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private static readonly string[] Columns =
        ["workload", "engine s", "baseline s", "ratio", "records/s", "MB/s", "peak MB", "allocated B/record", "spilled MB", "check"];

    private static readonly string[] DoublingColumns = ["workload", "seconds", "seconds at double", "factor", "goal", "baseline factor", "spilled MB", "spilled MB at double", "check at double"];

    public static void Write(TextWriter output, IEnumerable<WorkloadResult> results) => Write(output, [Columns, .. results.Select(Cells)]);

    public static void Write(TextWriter output, IEnumerable<DoublingResult> results) => Write(output, [DoublingColumns, .. results.Select(Cells)]);

    public static async Task WriteJsonAsync<T>(string path, IReadOnlyList<T> results, CancellationToken cancellationToken)
    {
        await using var file = File.Create(path);
        await JsonSerializer.SerializeAsync(file, results, Json, cancellationToken);
    }

    private static void Write(TextWriter output, List<string[]> rows)
    {
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        for (var i = 0; i < rows.Count; i++)
        {
            output.WriteLine($"| {string.Join(" | ", rows[i].Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))} |");
            if (i == 0)
            {
                output.WriteLine($"|{string.Join('|', widths.Select((width, column) => column == 0 ? new string('-', width + 2) : $"{new string('-', width + 1)}:"))}|");
            }
        }
    }

    private static string[] Cells(WorkloadResult result) =>
    [
        result.Workload,
        Seconds(result.EngineSeconds),
        Seconds(result.BaselineSeconds),
        Text($"{result.Ratio:F2}"),
        Text($"{result.Records / result.EngineSeconds:N0}"),
        result.InputBytes == 0 ? "" : Text($"{result.InputBytes / 1e6 / result.EngineSeconds:F1}"),
        Text($"{result.PeakBytes / 1e6:F0}"),
        Text($"{result.AllocatedBytesPerRecord:F1}"),
        Text($"{result.SpilledBytes / 1e6:F0}"),
        result.Check,
    ];

    private static string[] Cells(DoublingResult result) =>
    [
        result.Workload,
        Seconds(result.Seconds),
        Seconds(result.DoubleSeconds),
        Text($"{result.Factor:F2}"),
        Text($"{result.Goal:F1}"),
        Text($"{result.BaselineFactor:F2}"),
        Text($"{result.SpilledBytes / 1e6:F0}"),
        Text($"{result.DoubleSpilledBytes / 1e6:F0}"),
        result.DoubleCheck,
    ];

    private static string Seconds(double seconds) => seconds < 0.1 ? Text($"{seconds:F5}") : Text($"{seconds:F3}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
