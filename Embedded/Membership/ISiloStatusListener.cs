namespace Orleans.Runtime;

/// <summary>Is told when a silo's status changes.</summary>
public interface ISiloStatusListener
{
    /// <summary>Called on the thread pool. It must not block.</summary>
    void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status);
}
