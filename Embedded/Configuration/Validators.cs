using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Orleans.Configuration;

/// <summary>Checks the ids of the cluster.</summary>
internal sealed class ClusterOptionsValidator(IOptions<ClusterOptions> options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        Check(nameof(ClusterOptions.ClusterId), options.Value.ClusterId);
        Check(nameof(ClusterOptions.ServiceId), options.Value.ServiceId);
    }

    private static void Check(string name, string value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw new OrleansConfigurationException($"Configuration for {nameof(ClusterOptions)} is invalid: a non-empty value is required for {name}.");
        }
    }
}

/// <summary>Checks what a silo cannot start without.</summary>
internal sealed class SiloOptionsValidator(
    IServiceProviderIsService services, IOptions<EndpointOptions> endpoints, IOptions<GrainCollectionOptions> collection) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (!services.IsService(typeof(IMembershipTable)))
        {
            throw new OrleansConfigurationException("Clustering has not been configured. "
                + "Call UseLocalhostClustering or another Use...Clustering method of the silo builder.");
        }

        Check(nameof(EndpointOptions.SiloPort), endpoints.Value.SiloPort, least: 1);
        Check(nameof(EndpointOptions.GatewayPort), endpoints.Value.GatewayPort, least: 0);
        if (endpoints.Value.AdvertisedIPAddress is { AddressFamily: not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6) } address)
        {
            throw new OrleansConfigurationException($"{nameof(EndpointOptions.AdvertisedIPAddress)} is {address}. Set an IPv4 or IPv6 address.");
        }

        if (collection.Value.CollectionQuantum <= TimeSpan.Zero)
        {
            throw new OrleansConfigurationException($"{nameof(GrainCollectionOptions.CollectionQuantum)} is {collection.Value.CollectionQuantum}. It must be more than zero.");
        }

        CheckAge(nameof(GrainCollectionOptions.CollectionAge), collection.Value.CollectionAge);
        foreach (var (name, age) in collection.Value.ClassSpecificCollectionAge)
        {
            CheckAge(name, age);
        }
    }

    private void CheckAge(string name, TimeSpan age)
    {
        if (age <= collection.Value.CollectionQuantum)
        {
            throw new OrleansConfigurationException(
                $"Collection age of {name} is {age}. "
                    + $"It must be more than {nameof(GrainCollectionOptions.CollectionQuantum)}, which is {collection.Value.CollectionQuantum}.");
        }
    }

    private static void Check(string name, int port, int least)
    {
        if (port < least || port > ushort.MaxValue)
        {
            throw new OrleansConfigurationException($"{nameof(EndpointOptions)}.{name} is {port}. Set a port from {least} to {ushort.MaxValue}.");
        }
    }
}

/// <summary>Checks what a client cannot start without.</summary>
internal sealed class ClientOptionsValidator(IServiceProviderIsService services) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (!services.IsService(typeof(Messaging.IGatewayListProvider)))
        {
            throw new OrleansConfigurationException("Clustering has not been configured. "
                + "Call UseLocalhostClustering or another Use...Clustering method of the client builder.");
        }
    }
}
