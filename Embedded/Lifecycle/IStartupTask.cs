namespace Orleans.Runtime;

/// <summary>Work to do when a silo has become active. It may call grains.</summary>
public interface IStartupTask
{
    /// <summary>Does the work. An exception ends the silo's start.</summary>
    Task Execute(CancellationToken cancellationToken);
}
