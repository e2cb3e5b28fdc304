using System.Globalization;

namespace Dpark.Tests.Process.Clusters;

/// <summary>
/// Faults as files: whoever takes one has the fault, and nobody else has it, in whatever process it is and however often a task is tried. Travels with closures.
/// </summary>
/// <param name="Path">A directory that all processes see.</param>
internal sealed record Tokens(string Path)
{
    /// <summary>Puts a fault down.</summary>
    /// <param name="processId">Which process it is for; <see langword="null"/> for whichever takes it.</param>
    public void Put(string name, Signal signal, int? processId = null)
    {
        Directory.CreateDirectory(Path);
        File.WriteAllText(FileOf(name), string.Create(CultureInfo.InvariantCulture, $"{(int)signal} {processId ?? 0}"));
    }

    /// <summary>Has the fault if nobody has had it. A process that is to be killed does not come back from here.</summary>
    public void Take(string name)
    {
        var taken = $"{FileOf(name)}.taken";
        if (!File.Exists(FileOf(name)))
        {
            return;
        }

        try
        {
            // One of several movers wins.
            File.Move(FileOf(name), taken);
        }
        catch (FileNotFoundException)
        {
            return;
        }

        var words = File.ReadAllText(taken).Split(' ');
        var processId = int.Parse(words[1], CultureInfo.InvariantCulture);
        Signals.Send(processId == 0 ? Environment.ProcessId : processId, (Signal)int.Parse(words[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Whether somebody has had the fault.</summary>
    public bool IsTaken(string name) => File.Exists($"{FileOf(name)}.taken");

    private string FileOf(string name) => System.IO.Path.Combine(Path, name);
}
